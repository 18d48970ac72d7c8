package dev.mailbell.bench.sim;

import dev.mailbell.bench.net.Connection;
import dev.mailbell.bench.net.ConnectionHandler;
import java.nio.ByteBuffer;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One session of a server that sends one octet of an endless greeting in half a second. */
public final class DripHandler implements ConnectionHandler {
    private static final long EVERY_MILLIS = 500;
    private static final byte[] OCTET = {'x'};
    private static final ScheduledExecutorService TIMER =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("bench-drip").factory());

    private @Nullable ScheduledFuture<?> drip;

    @Override
    public synchronized void opened(Connection link) {
        drip =
                TIMER.scheduleAtFixedRate(
                        () -> link.send(OCTET), 0, EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void received(ByteBuffer octets) {
        octets.position(octets.limit());
    }

    @Override
    public synchronized void closed() {
        if (drip != null) {
            drip.cancel(false);
        }
    }
}
