package gcp

// machineRow is what a size of the configuration is in Google Cloud's terms, by tier.
type machineRow struct{ size, dev, prod string }

// machine is the machine of a size. What is no size is taken as a machine type.
func (p *Platform) machine(rows []machineRow, size string) string {
	for _, row := range rows {
		if row.size == size && p.settings.Prod {
			return row.prod
		}
		if row.size == size {
			return row.dev
		}
	}
	return size
}
