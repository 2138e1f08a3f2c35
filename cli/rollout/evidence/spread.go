package evidence

import "math"

// spread is what is known of the live version from blocks that are over: how frequent things are, and how much more they vary from block
// to block than independent answers would.
type spread struct {
	errors dispersion
	slower []dispersion
}

// forget is how much of the level the next block leaves standing: it is that of the last dozen blocks.
const forget = 0.92

func (s *spread) add(live Counts) {
	s.errors.add(live.Errors, live.Requests)
	if len(live.Slower) != len(s.slower) {
		return
	}
	for i := range s.slower {
		s.slower[i].add(live.Slower[i], live.Requests)
	}
}

func (s *spread) level(boundary int) (share float64, known bool) {
	d := s.slower[boundary]
	return (d.events + 0.5) / (d.requests + 1), d.requests > 0
}

// dispersion tells by how much the number of events in neighbouring blocks differs beyond what chance explains, on several lengths of
// time. Bursts, in which answers are not independent, make it larger than 1; a slow drift does not.
type dispersion struct {
	events, requests float64 // of late, for the level
	scales           []scale
}

// scale is one length of time: 1, 2, 4, … blocks.
type scale struct {
	length, have int
	x, n         float64 // of the stretch under way
	lastX, lastN float64 // of the stretch before
	known        bool
	sum, pairs   float64
}

// scales are how many lengths are looked at: up to 8 blocks.
const scales = 4

func (d *dispersion) add(x, n float64) {
	if n <= 0 {
		return
	}
	d.events, d.requests = forget*d.events+x, forget*d.requests+n
	if d.scales == nil {
		for length := 1; len(d.scales) < scales; length *= 2 {
			d.scales = append(d.scales, scale{length: length})
		}
	}
	for i := range d.scales {
		d.scales[i].add(x, n)
	}
}

func (s *scale) add(x, n float64) {
	s.x, s.n = s.x+x, s.n+n
	if s.have++; s.have < s.length {
		return
	}
	if all := s.lastX + s.x; s.known && all > 0 && all < s.lastN+s.n {
		p := all / (s.lastN + s.n)
		before, now := s.lastX-s.lastN*p, s.x-s.n*p
		s.sum += before*before/(s.lastN*p*(1-p)) + now*now/(s.n*p*(1-p))
		s.pairs++
	}
	s.lastX, s.lastN, s.known, s.x, s.n, s.have = s.x, s.n, true, 0, 0, 0
}

// factor is how many answers go wrong together: the largest over the lengths, each less its own error of estimation. At least 1.
func (d *dispersion) factor() float64 {
	most := 1.0
	for _, s := range d.scales {
		if s.pairs > 0 {
			mean := s.sum / s.pairs
			most = max(most, mean/(1+0.5*math.Sqrt(2/s.pairs)))
		}
	}
	return most
}
