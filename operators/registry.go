package operators

import "waterhealer/configs"

// Kinds are all operators. Lint, the reference, the schema and the conformance
// suite follow from this list.
func Kinds() []Kind {
	return []Kind{
		accumulateKind(),
		bufferKind(),
		collectKind(),
		combineLatestKind(),
		delayKind(),
		filterKind(),
		flattenKind(),
		foreachAsyncKind(),
		foreachFilterKind(),
		foreachMapKind(),
		frequenciesKind(),
		latestKind(),
		mapKind(),
		mapAsyncKind(),
		partitionKind(),
		partitionTimeKind(),
		partitionUniqueKind(),
		pluckKind(),
		rateLimitKind(),
		removeKind(),
		sampleKind(),
		sliceKind(),
		slidingWindowKind(),
		starmapKind(),
		switchKind(),
		timedWindowKind(),
		timedWindowUniqueKind(),
		unionKind(),
		uniqueKind(),
		zipKind(),
		zipLatestKind(),
	}
}

// Specs are the specs of all operators and of the healing sink.
func Specs() []configs.Spec {
	var specs []configs.Spec
	for _, k := range Kinds() {
		specs = append(specs, k.Spec)
	}
	return append(specs, healingSpec())
}

// kindOf is the operator of a name or alias.
func kindOf(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Spec.Kind == name {
			return k, true
		}
		for _, alias := range k.Spec.Aliases {
			if alias == name {
				return k, true
			}
		}
	}
	return Kind{}, false
}
