package dev.mailbell.bench;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The options of a run; the scenario has defaults for absent ones.
 *
 * @param mailboxes how many are watched
 * @param webhooks how many there are
 * @param seconds of the measured time
 * @param warmUp seconds before it, with the same load
 * @param rate mails a second
 * @param tls whether the mail servers speak TLS
 * @param interval seconds between checks, where mailboxes are polled
 * @param poll never IDLE
 * @param eachSecond whether each second of a phase is shown
 * @param seed of what is random
 * @param javaOptions of the daemon
 * @param daemon the command that starts it
 */
record BenchOptions(
        OptionalInt mailboxes,
        OptionalInt webhooks,
        OptionalInt seconds,
        OptionalInt warmUp,
        OptionalDouble rate,
        boolean tls,
        OptionalInt interval,
        boolean poll,
        boolean eachSecond,
        long seed,
        String javaOptions,
        List<String> daemon) {}
