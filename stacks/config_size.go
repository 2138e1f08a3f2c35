package stacks

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sizeRow is what memory a replica may have with some CPU on a cloud.
type sizeRow struct {
	cloud          Cloud
	cpu            float64 // cores
	min, max, step Quantity
}

// sizes are the combinations that the clouds' container services offer.
//
//   - aws: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
//   - azure: https://learn.microsoft.com/azure/container-apps/containers#allocations
//   - gcp: https://cloud.google.com/run/docs/configuring/services/memory-limits (second generation, whole
//     cores: less than one core limits a replica to one request at a time)
var sizes = []sizeRow{
	{CloudAWS, 0.25, 512 * Mi, 1 * Gi, 512 * Mi},
	{CloudAWS, 0.25, 2 * Gi, 2 * Gi, 1 * Gi},
	{CloudAWS, 0.5, 1 * Gi, 4 * Gi, 1 * Gi},
	{CloudAWS, 1, 2 * Gi, 8 * Gi, 1 * Gi},
	{CloudAWS, 2, 4 * Gi, 16 * Gi, 1 * Gi},
	{CloudAWS, 4, 8 * Gi, 30 * Gi, 1 * Gi},
	{CloudAWS, 8, 16 * Gi, 60 * Gi, 4 * Gi},
	{CloudAWS, 16, 32 * Gi, 120 * Gi, 8 * Gi},
	{CloudAzure, 0.25, 512 * Mi, 512 * Mi, Mi},
	{CloudAzure, 0.5, 1 * Gi, 1 * Gi, Mi},
	{CloudAzure, 0.75, 1536 * Mi, 1536 * Mi, Mi},
	{CloudAzure, 1, 2 * Gi, 2 * Gi, Mi},
	{CloudAzure, 1.25, 2560 * Mi, 2560 * Mi, Mi},
	{CloudAzure, 1.5, 3 * Gi, 3 * Gi, Mi},
	{CloudAzure, 1.75, 3584 * Mi, 3584 * Mi, Mi},
	{CloudAzure, 2, 4 * Gi, 4 * Gi, Mi},
	{CloudAzure, 2.25, 4608 * Mi, 4608 * Mi, Mi},
	{CloudAzure, 2.5, 5 * Gi, 5 * Gi, Mi},
	{CloudAzure, 2.75, 5632 * Mi, 5632 * Mi, Mi},
	{CloudAzure, 3, 6 * Gi, 6 * Gi, Mi},
	{CloudAzure, 3.25, 6656 * Mi, 6656 * Mi, Mi},
	{CloudAzure, 3.5, 7 * Gi, 7 * Gi, Mi},
	{CloudAzure, 3.75, 7680 * Mi, 7680 * Mi, Mi},
	{CloudAzure, 4, 8 * Gi, 8 * Gi, Mi},
	{CloudGCP, 1, 512 * Mi, 4 * Gi, Mi},
	{CloudGCP, 2, 512 * Mi, 8 * Gi, Mi},
	{CloudGCP, 4, 2 * Gi, 16 * Gi, Mi},
	{CloudGCP, 6, 4 * Gi, 24 * Gi, Mi},
	{CloudGCP, 8, 4 * Gi, 32 * Gi, Mi},
}

func (r sizeRow) holds(memory Quantity) bool {
	return memory >= r.min && memory <= r.max && (memory-r.min)%r.step == 0
}

// round returns the row's memory that is nearest to the one asked for, up first.
func (r sizeRow) round(memory Quantity) Quantity {
	up := r.min + (max(memory, r.min)-r.min+r.step-1)/r.step*r.step
	return min(up, r.max)
}

// sized tells whether the cloud has a table at all; Docker takes what it is given.
func sized(c Cloud) bool {
	return slices.ContainsFunc(sizes, func(r sizeRow) bool { return r.cloud == c })
}

func fits(c Cloud, cpu float64, memory Quantity) bool {
	return !sized(c) || slices.ContainsFunc(sizes, func(r sizeRow) bool {
		return r.cloud == c && r.cpu == cpu && r.holds(memory)
	})
}

// nearestSize finds the valid pair that is nearest to the one asked for without
// touching a kept half; ok is false if there is none. Other memory is nearer than
// another CPU, and more of either is nearer than less.
func nearestSize(c Cloud, cpu float64, memory Quantity, keepCPU, keepMemory bool) (float64, Quantity, bool) {
	best, found := sizeRow{}, math.Inf(1)
	for _, r := range sizes {
		m := r.round(memory)
		if r.cloud != c || keepCPU && r.cpu != cpu || keepMemory && !r.holds(memory) {
			continue
		}
		if cost := 2*far(cpu, r.cpu) + far(float64(memory), float64(m)); cost < found {
			best, found = sizeRow{c, r.cpu, m, m, Mi}, cost
		}
	}
	return best.cpu, best.min, !math.IsInf(found, 1)
}

// far measures a change in powers of two, with less worse than more.
func far(from, to float64) float64 {
	change := math.Log2(to / from)
	if change < 0 {
		return -3 * change
	}
	return change
}

// allowedMemory lists what goes with a CPU, or which CPUs there are.
func allowedMemory(c Cloud, cpu float64) string {
	var with, cpus []string
	for _, r := range sizes {
		if r.cloud != c {
			continue
		}
		if n := cores(r.cpu); !slices.Contains(cpus, n) {
			cpus = append(cpus, n)
		}
		if r.cpu == cpu {
			with = append(with, r.String())
		}
	}
	if len(with) > 0 {
		return fmt.Sprintf("app.memory with app.cpu %s: %s", cores(cpu), strings.Join(with, " or "))
	}
	return "app.cpu " + list(cpus)
}

// String names the row's memory for an error.
func (r sizeRow) String() string {
	if r.min == r.max {
		return r.min.String()
	}
	if r.step == Mi {
		return fmt.Sprintf("%s to %s", r.min, r.max)
	}
	return fmt.Sprintf("%s to %s in steps of %s", r.min, r.max, r.step)
}

func cores(cpu float64) string { return strconv.FormatFloat(cpu, 'f', -1, 64) }
