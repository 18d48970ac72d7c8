package dev.mailbell.cli.event;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Closes a stream that is silent for too long, because a read of it may wait forever. */
final class Silence implements Closeable {
    private final InputStream stream;
    private final long limit;
    private final Thread thread;
    private volatile long heardAt = System.nanoTime();

    Silence(InputStream stream, Duration limit) {
        this.stream = stream;
        this.limit = limit.toNanos();
        this.thread = Thread.ofVirtual().name("stream-silence").start(this::watch);
    }

    void heard() {
        heardAt = System.nanoTime();
    }

    private void watch() {
        try {
            for (long left = limit; left > 0; left = heardAt + limit - System.nanoTime()) {
                Thread.sleep(Duration.ofNanos(left));
            }
            stream.close();
        } catch (InterruptedException e) {
            // The stream has ended by itself.
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // The reader finds it broken.
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
