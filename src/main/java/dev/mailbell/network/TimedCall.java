package dev.mailbell.network;

import dev.mailbell.fairness.ActingClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Ends blocking code at a deadline. The code runs on a virtual thread of its own, because an
 * interrupt closes the socket on which a virtual thread blocks. A read timeout is not enough: a
 * peer that sends one byte at a time never exceeds it.
 */
public final class TimedCall {
    private TimedCall() {}

    /**
     * The result of {@code call}, or its own exception.
     *
     * @param doing for the message, without secrets: "asking the token URL of example.org"
     * @throws SocketTimeoutException when the deadline passed first; the call has been interrupted
     * @throws InterruptedIOException when the caller was interrupted; the call has been interrupted
     *     too
     */
    public static <T> T by(Deadline deadline, String doing, Callable<T> call) throws IOException {
        if (deadline.isPast()) {
            throw new SocketTimeoutException("the time was used up before " + doing);
        }
        FutureTask<T> task = new FutureTask<>(call);
        UUID client = ActingClient.current();
        Thread.ofVirtual().name("mailbell-timed-call").start(() -> ActingClient.run(client, task));
        try {
            return task.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new SocketTimeoutException("the time was used up while " + doing);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + doing);
        } catch (ExecutionException e) {
            throw rethrow(doing, e.getCause());
        }
    }

    private static IOException rethrow(String doing, @Nullable Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> new IOException("failed while " + doing, cause);
        };
    }
}
