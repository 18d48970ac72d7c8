package dev.mailbell.bench;

import java.util.List;

/** One kind of measurement. */
interface Scenario {
    /**
     * Measures once, with a daemon of its own.
     *
     * @throws dev.mailbell.bench.daemon.BenchException when it cannot be measured, or a message was
     *     not counted exactly once
     */
    List<Figure> run(BenchOptions options) throws InterruptedException;
}
