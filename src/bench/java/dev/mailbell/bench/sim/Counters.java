package dev.mailbell.bench.sim;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What both scripted mail servers count. */
abstract class Counters implements MailSim {
    private final LongAdder looks = new LongAdder();
    private final LongAdder logins = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile LookListener listener = LookListener.NONE;

    void connected() {
        connections.incrementAndGet();
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    void loggedIn() {
        logins.increment();
    }

    void looked(int user) {
        looks.increment();
        listener.looked(user, System.nanoTime());
    }

    @Override
    public long looks() {
        return looks.sum();
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
    public void onLook(LookListener heard) {
        listener = heard;
    }
}
