package dev.mailbell.bench.sim;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** The counters of both scripted mail servers. */
abstract class CountingMailSim implements MailSim {
    private final LongAdder checks = new LongAdder();
    private final LongAdder logins = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile CheckListener listener = CheckListener.NONE;

    void connected() {
        connections.incrementAndGet();
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    void loggedIn() {
        logins.increment();
    }

    void checked(int user) {
        checks.increment();
        listener.checked(user, System.nanoTime());
    }

    @Override
    public long checks() {
        return checks.sum();
    }

    @Override
    public long logins() {
        return logins.sum();
    }

    @Override
    public int connections() {
        return connections.get();
    }

    @Override
    public void onCheck(CheckListener heard) {
        listener = heard;
    }
}
