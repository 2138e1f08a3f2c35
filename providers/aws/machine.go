package aws

// machineRow is what one of Slipway's sizes is in AWS's terms.
type machineRow struct{ size, dev, prod string }

// machine returns the class of a size in the stack's tier. What is none of the sizes is a class already.
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
