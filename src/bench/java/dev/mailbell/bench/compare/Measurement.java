package dev.mailbell.bench.compare;

import dev.mailbell.bench.sim.Latencies;

/**
 * The figures of one run.
 *
 * @param ready seconds from the start of the candidate to its word that all mailboxes are watched
 * @param megabytes resident memory of all its processes at the end of the measured time, in MB
 * @param latencies from the arrival of a message to that of its POST
 * @param cpu milliseconds of the candidate's CPU in the measured time, by message
 * @param benchCpu the same of the load generator
 * @param lost messages that were not announced
 * @param surplus announced messages that were never added
 */
public record Measurement(
        double ready,
        double megabytes,
        Latencies.Sorted latencies,
        double cpu,
        double benchCpu,
        long lost,
        long surplus) {}
