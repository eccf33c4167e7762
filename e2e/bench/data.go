package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// The data sets.
const (
	orders200 = "orders200" // made-up orders of 200 B
	orders1k  = "orders1k"  // the same of 1 KiB, with more items and an address
	quakes    = "quakes"    // the earthquakes of examples/quakes, over and over: 710 B, nested
)

// dataSet makes the records of a data set, one after another. The same seed
// gives the same records.
type dataSet interface {
	next() record
}

// record is a message, and which filters of testdata it passes.
type record struct {
	key, value []byte
	one, half  bool // the filter that lets 1% through, and the one for 50%
}

// counts say what a data set holds, and so what each pipeline must write.
type counts struct {
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"` // of the values
	One     int64 `json:"one"`   // pass the filter of 1%
	Half    int64 `json:"half"`  // pass the filter of 50%
}

func (c *counts) add(r record) {
	c.Records++
	c.Bytes += int64(len(r.value))
	if r.one {
		c.One++
	}
	if r.half {
		c.Half++
	}
}

func newDataSet(name string, seed uint64, root string) (dataSet, error) {
	random := rand.New(rand.NewPCG(seed, seed))
	switch name {
	case orders200:
		return &orderSet{random: random, size: 200, items: 1}, nil
	case orders1k:
		return &orderSet{random: random, size: 1024, items: 8, address: true}, nil
	case quakes:
		return readQuakes(root)
	}
	return nil, fmt.Errorf("no data set is called %q", name)
}

// shape is the kind of records: which pipelines and which hand-written program fit.
func shape(data string) string {
	if data == quakes {
		return "quakes"
	}
	return "orders"
}

const customers = 5000

// orderSet makes up orders.
type orderSet struct {
	random  *rand.Rand
	id      int64
	size    int // bytes of a value
	items   int
	address bool
}

func (s *orderSet) next() record {
	s.id++
	customer, cents := s.random.IntN(customers), s.random.IntN(100_000)
	status := "open"
	if s.random.IntN(2) == 0 {
		status = "paid"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":%d,"customer":"c-%06d","status":%q,"amount":%d.%02d,"currency":"EUR","items":[`,
		s.id, customer, status, cents/100, cents%100)
	for i := range s.items {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"s-%05d","n":%d`, s.random.IntN(20_000), 1+s.random.IntN(9))
		if s.address {
			fmt.Fprintf(&b, `,"price":%d.%02d,"name":"an article of the catalogue"`, s.random.IntN(200), s.random.IntN(100))
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	if s.address {
		fmt.Fprintf(&b, `,"shipping":{"name":"customer %d","street":"some street %d","city":"Springfield","zip":"%05d"}`,
			customer, s.random.IntN(300), s.random.IntN(100_000))
	}
	b.WriteString(`,"note":"`)
	const text = "an order like any other, which somebody will pick and pack and send today. "
	if room := s.size - b.Len() - len(`"}`); room > 0 {
		b.WriteString(strings.Repeat(text, room/len(text)+1)[:room])
	}
	b.WriteString(`"}`)
	return record{
		key: fmt.Appendf(nil, "c-%06d", customer), value: b.Bytes(),
		one: cents >= 99_000, half: status == "paid",
	}
}

// quakeSet repeats real earthquakes.
type quakeSet struct {
	records []record
	at      int
}

// readQuakes leaves out the example's poison record, whose magnitude is a word.
func readQuakes(root string) (*quakeSet, error) {
	file, err := os.Open(filepath.Join(root, "examples", "quakes", "quakes.jsonl"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &quakeSet{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var quake struct {
			ID         string
			Properties struct{ Mag *float64 }
		}
		if err := json.Unmarshal(lines.Bytes(), &quake); err != nil || quake.Properties.Mag == nil {
			continue
		}
		magnitude := *quake.Properties.Mag
		s.records = append(s.records, record{
			key: []byte(quake.ID), value: bytes.Clone(lines.Bytes()), one: magnitude >= 5.5, half: magnitude >= 1.2,
		})
	}
	if len(s.records) == 0 {
		return nil, fmt.Errorf("%s: no earthquakes", file.Name())
	}
	return s, lines.Err()
}

func (s *quakeSet) next() record {
	r := s.records[s.at%len(s.records)]
	s.at++
	return r
}
