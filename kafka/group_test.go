package kafka

import (
	"slices"
	"testing"

	"waterhealer/engine"
)

func TestConsumeCommitsWhatIsFinished(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	produceValues(t, b, "t", 0, numbered("a", 1000)...)
	produceValues(t, b, "t", 1, numbered("b", 500)...)
	in := newIntake(func(r *engine.Record) bool { return !(r.Partition == 0 && r.Offset == 700) })
	source := runSource(t, newSource(t, b, nil, "t"), in)
	admin := control(t, b, "g")

	eventually(t, "all records are pushed", func() bool { return in.count() == 1500 })
	eventually(t, "partition 1 is committed", func() bool { return committedAt(t, admin, "t", 1).offset == 500 })
	eventually(t, "partition 0 is committed up to what is held", func() bool { return committedAt(t, admin, "t", 0).offset == 700 })
	if got := in.offsets("t", 0); !slices.IsSorted(got) || len(got) != 1000 {
		t.Errorf("partition 0 was pushed as %d offsets, sorted %v", len(got), slices.IsSorted(got))
	}
	in.finish("t", 0, 700)
	eventually(t, "partition 0 is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 1000 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestCloseCommitsAndTheNextClaimSkipsWhatIsMapped(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 100)...)
	in := newIntake(func(r *engine.Record) bool { return r.Offset%10 != 0 })
	first := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all records are pushed", func() bool { return in.count() == 100 })
	if err := first.close(t); err != nil {
		t.Fatal(err)
	}
	admin := control(t, b, "g")
	if got := committedAt(t, admin, "t", 0); got.offset != 0 || got.metadata == "" {
		t.Fatalf("committed %+v", got)
	}

	again := newIntake(nil)
	second := runSource(t, newSource(t, b, nil, "t"), again)
	eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 100 })
	claim := again.claim("t", 0)
	for offset := range int64(100) {
		if mapped := claim.options.Finished(offset); mapped != (offset%10 != 0) {
			t.Errorf("offset %d: the claim says finished %v", offset, mapped)
		}
	}
	if err := second.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestUntilEnd(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 3})
	produceValues(t, b, "t", 0, numbered("a", 100)...)
	produceValues(t, b, "t", 2, numbered("c", 1)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if n := in.count(); n != 101 {
		t.Errorf("%d records were pushed", n)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	admin := control(t, b, "g")
	for partition, want := range []int64{100, 0, 1} {
		if got := committedAt(t, admin, "t", int32(partition)); got.offset != want {
			t.Errorf("partition %d: committed %d, want %d", partition, got.offset, want)
		}
	}
}
