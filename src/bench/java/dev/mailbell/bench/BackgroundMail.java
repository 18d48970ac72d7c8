package dev.mailbell.bench;

import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/** Mail at an even rate while something else is done, until it is closed. */
final class BackgroundMail implements AutoCloseable {
    private static final double PIECE_SECONDS = 0.5;

    private final Thread thread;
    private volatile boolean closed;

    BackgroundMail(IntConsumer deliver, IntSupplier mailboxes, double perSecond) {
        MailStream stream = new MailStream(deliver, mailboxes);
        thread =
                Thread.ofPlatform()
                        .name("bench-mail")
                        .start(() -> {
                            while (!closed) {
                                stream.run(perSecond, PIECE_SECONDS);
                            }
                        });
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }
}
