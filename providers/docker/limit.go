package docker

import (
	"errors"
	"fmt"
)

// Limit is what one key of the configuration gives a container of the processor.
type Limit struct {
	// Key names it in the configuration, Value is what it is set to there.
	Key, Value string
	// Cores is the limit.
	Cores float64
}

// Limits are those that the configuration chooses.
func Limits(cpu float64, database bool, databaseSize string, cache bool, cacheSize string) []Limit {
	out := []Limit{{"app.cpu", fmt.Sprint(cpu), cpu}}
	if size, ok := databaseSizes[databaseSize]; ok && database {
		out = append(out, Limit{"database.size", databaseSize, size.cpus})
	}
	if size, ok := cacheSizes[cacheSize]; ok && cache {
		out = append(out, Limit{"cache.size", cacheSize, size.cpus})
	}
	return out
}

// errSecond refuses a second service or edge on one platform: slots, ports and the names by which instances are found belong to the
// platform, so both would take each other's traffic.
var errSecond = errors.New("a Docker platform runs one service behind one edge")

// claim notes the one user of what belongs to the platform.
func claim(used *string, kind, name string) error {
	if *used != "" {
		return fmt.Errorf("%w, and %s %q is there already: make a stack of its own for %q, with other docker.httpsPort, docker.httpPort and docker.dashboardPort", errSecond, kind, *used, name)
	}
	*used = name
	return nil
}
