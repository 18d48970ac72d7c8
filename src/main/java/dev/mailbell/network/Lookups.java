package dev.mailbell.network;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up on a few platform threads, because the system's resolver would hold the carrier of
 * a virtual thread for as long as a name server keeps silent. One lookup serves all who ask for the
 * same name meanwhile, so a silent name server occupies one thread a name, not one an account.
 */
final class Lookups implements AutoCloseable {
    private final Resolver resolver;
    private final ThreadPoolExecutor threads;
    private final ConcurrentHashMap<String, Flight> flights = new ConcurrentHashMap<>();

    Lookups(Resolver resolver, int threads, int waiting) {
        this.resolver = resolver;
        this.threads =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(waiting),
                        Thread.ofPlatform().daemon().name("mailbell-dns-", 1).factory());
        this.threads.allowCoreThreadTimeOut(true);
    }

    /**
     * @throws UnknownHostException when the name has no address
     * @throws SocketTimeoutException when the name server did not answer by the deadline
     * @throws LookupsBusyException when too many lookups wait already
     */
    List<InetAddress> lookup(String name, Deadline deadline) throws IOException {
        Flight flight;
        try {
            flight = flights.compute(name, (key, present) -> join(key, present, deadline));
        } catch (RejectedExecutionException e) {
            throw new LookupsBusyException(name);
        }
        return flight.await(deadline);
    }

    private Flight join(String name, @Nullable Flight present, Deadline deadline) {
        if (present != null) {
            present.extend(deadline);
            return present;
        }
        Flight flight = new Flight(name, deadline);
        threads.execute(() -> fly(flight));
        return flight;
    }

    private void fly(Flight flight) {
        // Under the map's lock, so that nobody joins a flight that is being given up.
        if (flights.computeIfPresent(flight.name, (name, f) -> f.isAbandoned() ? null : f)
                == null) {
            flight.answer.completeExceptionally(flight.timedOut());
            return;
        }
        try {
            List<InetAddress> found = resolver.lookup(flight.name);
            flights.remove(flight.name, flight);
            flight.answer.complete(found);
        } catch (UnknownHostException | RuntimeException e) {
            land(flight, e);
        } catch (Error e) {
            land(flight, e);
            throw e;
        }
    }

    private void land(Flight flight, Throwable failure) {
        flights.remove(flight.name, flight);
        flight.answer.completeExceptionally(failure);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    private static final class Flight {
        final String name;
        final CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
        private volatile Deadline latest;

        Flight(String name, Deadline deadline) {
            this.name = name;
            this.latest = deadline;
        }

        void extend(Deadline deadline) {
            if (deadline.remainingNanos() > latest.remainingNanos()) {
                latest = deadline;
            }
        }

        boolean isAbandoned() {
            return latest.isPast();
        }

        SocketTimeoutException timedOut() {
            return new SocketTimeoutException(
                    "no name server answered in time for host \"" + name + "\"");
        }

        List<InetAddress> await(Deadline deadline) throws IOException {
            try {
                return answer.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                throw timedOut();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while looking up \"" + name + "\"");
            } catch (ExecutionException e) {
                if (e.getCause() instanceof SocketTimeoutException) {
                    throw timedOut();
                }
                UnknownHostException unknown =
                        new UnknownHostException("no address is known for host \"" + name + "\"");
                unknown.initCause(e.getCause());
                throw unknown;
            }
        }
    }
}
