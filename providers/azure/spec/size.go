package spec

// size is what one of Slipway's sizes is in Azure's terms.
type size struct{ name, dev, prod string }

// databaseSizes are burstable machines in dev, which have no standby, and steady ones in production.
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-compute
var databaseSizes = []size{
	{"small", "Standard_B1ms", "Standard_D2ds_v5"},
	{"medium", "Standard_B2s", "Standard_D4ds_v5"},
	{"large", "Standard_B2ms", "Standard_E4ds_v5"},
}

// cacheSizes are Balanced SKUs: 0.5, 1, 3, 6 and 12 GB.
// https://learn.microsoft.com/azure/redis/overview#choosing-the-right-tier
var cacheSizes = []size{
	{"small", "Balanced_B0", "Balanced_B1"},
	{"medium", "Balanced_B1", "Balanced_B5"},
	{"large", "Balanced_B3", "Balanced_B10"},
}

// DatabaseSKU is the machine of a size in tier prod, or in dev. What is none of the sizes is a SKU already.
func DatabaseSKU(name string, prod bool) string { return sku(databaseSizes, name, prod) }

// CacheSKU is the SKU of a size, likewise.
func CacheSKU(name string, prod bool) string { return sku(cacheSizes, name, prod) }

func sku(rows []size, name string, prod bool) string {
	for _, row := range rows {
		switch {
		case row.name == name && prod:
			return row.prod
		case row.name == name:
			return row.dev
		}
	}
	return name
}
