package azure

// machineRow is what one of Slipway's sizes is in Azure's terms.
type machineRow struct{ size, dev, prod string }

// machine returns the SKU of a size in the stack's tier. What is none of the sizes is a SKU already.
func (p *Platform) machine(rows []machineRow, size string) string {
	for _, row := range rows {
		switch {
		case row.size == size && p.settings.Prod:
			return row.prod
		case row.size == size:
			return row.dev
		}
	}
	return size
}

// enabled is how Azure's switches read.
func enabled(on bool) string {
	if on {
		return "Enabled"
	}
	return "Disabled"
}
