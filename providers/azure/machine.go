package azure

// enabled is how Azure's switches read.
func enabled(on bool) string {
	if on {
		return "Enabled"
	}
	return "Disabled"
}
