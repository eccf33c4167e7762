package healer

// chance is the learned probability, in 1/65536, that the next bit of some
// context is 1. It moves fast at first and settles down with what it has seen.
type chance struct {
	one  uint16
	seen uint16
}

const (
	half      = 1 << 15
	seenLimit = 250 // keeps it able to follow a change
	edge      = 32  // keeps it away from certainty
)

func (c *chance) learn(bit int) {
	target := bit<<16 - bit // 0 or 65535
	step := (target - int(c.one)) * 2 / (2*int(c.seen) + 3)
	c.one = uint16(min(max(int(c.one)+step, edge), 65535-edge))
	if c.seen < seenLimit {
		c.seen++
	}
}

// encoder is a binary arithmetic coder without carries: low and high agree in
// no leading byte, since bytes on which they agree are written out.
type encoder struct {
	low, high uint32
	out       []byte
}

func newEncoder(size int) *encoder {
	return &encoder{high: 1<<32 - 1, out: make([]byte, 0, min(size+64, 4096))}
}

// split divides low..high: up to the result is a 1.
func split(low, high uint32, one uint16) uint32 {
	return low + uint32(uint64(high-low)*uint64(one)>>16)
}

func (e *encoder) encode(c *chance, bit int) {
	if middle := split(e.low, e.high, c.one); bit == 1 {
		e.high = middle
	} else {
		e.low = middle + 1
	}
	c.learn(bit)
	for (e.low^e.high)>>24 == 0 {
		e.out = append(e.out, byte(e.high>>24))
		e.low <<= 8
		e.high = e.high<<8 | 255
	}
}

// encoderMark is a moment that an encoder can go back to. The chances learned
// since then are not undone: nothing may be encoded after going back.
type encoderMark struct {
	low, high uint32
	written   int
}

func (e *encoder) mark() encoderMark { return encoderMark{e.low, e.high, len(e.out)} }

func (e *encoder) reset(m encoderMark) { e.low, e.high, e.out = m.low, m.high, e.out[:m.written] }

// size is how long finish would make the output.
func (e *encoder) size() int { return len(e.out) + e.tail() }

// tail returns how many bytes tell low..high apart, given that the decoder
// reads zeros behind the end.
func (e *encoder) tail() int {
	for n := range 4 {
		if _, ok := e.ending(n); ok {
			return n
		}
	}
	return 4
}

// ending returns the lowest number of n bytes that lies within low..high.
func (e *encoder) ending(n int) (uint32, bool) {
	unit := uint64(1) << (32 - 8*n)
	value := (uint64(e.low) + unit - 1) / unit * unit
	return uint32(value), value <= uint64(e.high)
}

func (e *encoder) finish() []byte {
	n := e.tail()
	value, _ := e.ending(n)
	for i := range n {
		e.out = append(e.out, byte(value>>(24-8*i)))
	}
	return e.out
}

// decoder reads what an encoder wrote.
type decoder struct {
	low, high, value uint32
	in               []byte
	read             int
}

func newDecoder(in []byte) *decoder {
	d := &decoder{high: 1<<32 - 1, in: in}
	for range 4 {
		d.shift()
	}
	return d
}

func (d *decoder) shift() {
	d.value <<= 8
	if d.read < len(d.in) {
		d.value |= uint32(d.in[d.read])
	}
	d.read++
}

func (d *decoder) decode(c *chance) int {
	bit := 0
	if middle := split(d.low, d.high, c.one); d.value <= middle {
		bit = 1
		d.high = middle
	} else {
		d.low = middle + 1
	}
	c.learn(bit)
	for (d.low^d.high)>>24 == 0 {
		d.low <<= 8
		d.high = d.high<<8 | 255
		d.shift()
	}
	return bit
}

// whole tells whether the input was used up, no more and no less: the last four
// bytes read are the ones that an encoder's end left open.
func (d *decoder) whole() bool {
	return len(d.in) <= d.read && d.read <= len(d.in)+4
}
