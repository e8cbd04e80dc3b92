// Confidence bounds of a rate, exact: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated
// in the case of the binomial", Biometrika 26, 1934. One-sided, and never too small: a gate may ask for more results than
// needed, but not for fewer.

/** The upper bound of the rate of an event seen in `count` of `trials`; 1 without trials. */
export function upperBound(count: number, trials: number, confidence: number): number {
  if (count >= trials) return 1
  if (count === 0) return 1 - (1 - confidence) ** (1 / trials)
  return bisect((rate) => atMostProbability(count, trials, rate) > 1 - confidence)
}

/** The lower bound; 0 without trials. */
export function lowerBound(count: number, trials: number, confidence: number): number {
  if (count === 0) return 0
  if (count >= trials) return (1 - confidence) ** (1 / trials)
  return bisect((rate) => 1 - atMostProbability(count - 1, trials, rate) < 1 - confidence)
}

/** How many trials there must be, no more of them with the event, until the upper bound is at most `rate`; undefined: over a million. */
export function trialsFor(count: number, rate: number, confidence: number): number | undefined {
  const suffices = (trials: number): boolean => upperBound(count, trials, confidence) <= rate
  let high = Math.max(1, count + 1)
  while (!suffices(high)) {
    high *= 2
    if (high > 1_000_000) return undefined
  }
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (suffices(middle)) high = middle
    else low = middle
  }
  return high
}

/** The chance of at most `count` events in `trials`. */
function atMostProbability(count: number, trials: number, rate: number): number {
  const odds = Math.log(rate) - Math.log1p(-rate)
  let logTerm = trials * Math.log1p(-rate)
  let sum = Math.exp(logTerm)
  for (let k = 1; k <= count; k += 1) {
    logTerm += Math.log((trials - k + 1) / k) + odds
    sum += Math.exp(logTerm)
  }
  return Math.min(1, sum)
}

/** The rate at which a condition that holds for small rates ends. */
function bisect(holds: (rate: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  // The side that is never too small for an upper, and never too big for a lower bound, is less than 1e-17 away.
  return (low + high) / 2
}
