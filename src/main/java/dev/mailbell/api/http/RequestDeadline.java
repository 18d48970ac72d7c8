package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import io.javalin.http.Context;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends requests that take too long. A route that has not answered at the deadline is interrupted,
 * and its request is answered with 503. A client that does not read its answer by the deadline is
 * disconnected; so is one that does not read a piece of a stream within {@link #PIECE}.
 */
public final class RequestDeadline implements AutoCloseable {
    /** How long a request may take, unless a check may take longer. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** How long a client may take to read one piece of a stream. */
    static final Duration PIECE = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(RequestDeadline.class);
    private static final String ATTRIBUTE = "mailbell.deadline";
    private static final Duration SWEEP = Duration.ofMillis(500);

    private final Supplier<Duration> limit;
    private final Duration piece;
    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final Thread sweeper;

    /** A request under way. */
    private final class Running {
        private final Thread thread = Thread.currentThread();
        private final Context context;
        private final EndPoint endPoint;
        private long deadline = System.nanoTime() + limit.get().toNanos();
        private boolean endless;
        private boolean over;
        private boolean done;

        Running(Context context, EndPoint endPoint) {
            this.context = context;
            this.endPoint = endPoint;
        }

        synchronized void endIfLate() {
            if (done || endless || System.nanoTime() < deadline) {
                return;
            }
            if (over || context.res().isCommitted()) {
                LOG.debug("Closing a connection whose client does not read its answer");
                cut(endPoint);
                return;
            }
            over = true;
            // Time to write the problem document.
            deadline = System.nanoTime() + piece.toNanos();
            thread.interrupt();
        }

        /** Closes the socket itself: TLS would wait until its last message is read. */
        private static void cut(EndPoint endPoint) {
            EndPoint lowest = endPoint;
            while (lowest instanceof EndPoint.Wrapper wrapper) {
                lowest = wrapper.unwrap();
            }
            lowest.close();
        }

        synchronized void finish() {
            done = true;
            if (over && Thread.currentThread() == thread) {
                // The thread may serve the connection's next request.
                Thread.interrupted();
            }
        }

        synchronized void allow(Duration time) {
            endless = false;
            deadline = System.nanoTime() + time.toNanos();
        }

        synchronized void lift() {
            endless = true;
        }

        OutputStream stream(OutputStream out) {
            return new Stream(out, this);
        }

        synchronized boolean isOver() {
            if (over) {
                Thread.interrupted();
            }
            return over;
        }
    }

    /**
     * @param limit from the end of a request's headers to the end of its answer; asked for each
     *     request, because a reload can change it
     * @param piece how long a client may take to read one piece of a stream
     */
    RequestDeadline(Supplier<Duration> limit, Duration piece) {
        this.limit = limit;
        this.piece = piece;
        this.sweeper = Thread.ofVirtual().name("request-deadline").start(this::run);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(SWEEP);
                for (Running each : running) {
                    try {
                        each.endIfLate();
                    } catch (RuntimeException e) {
                        // The connection is closed by another thread.
                        LOG.debug("A late request could not be ended", e);
                    }
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The request deadline is no longer enforced");
        }
    }

    /**
     * Begins to watch a request, on the thread that serves it.
     *
     * @param completed called when the request is answered, or its connection is lost
     */
    void begin(Context context, Runnable completed) {
        ServletContextRequest request =
                ServletContextRequest.getServletContextRequest(context.req());
        Running it =
                new Running(context, request.getConnectionMetaData().getConnection().getEndPoint());
        running.add(it);
        context.attribute(ATTRIBUTE, it);
        Request.addCompletionListener(
                request,
                failure -> {
                    running.remove(it);
                    it.finish();
                    completed.run();
                });
    }

    /**
     * The time of a request that may wait for a mail server.
     *
     * @param check the longest check
     */
    static Duration besides(Duration check) {
        Duration longer = check.plus(PIECE);
        return longer.compareTo(LIMIT) > 0 ? longer : LIMIT;
    }

    /** The answer when the deadline has interrupted the request's route. */
    static Problem problem() {
        return Problem.unavailable("the request took too long and was broken off");
    }

    /** Whether the deadline has interrupted the request's route. */
    static boolean isOver(Context context) {
        Running it = context.attribute(ATTRIBUTE);
        return it != null && it.isOver();
    }

    /** The output of an answer that may take any time, while the client reads what is written. */
    public static OutputStream stream(Context context) throws IOException {
        OutputStream out = context.res().getOutputStream();
        Running it = context.attribute(ATTRIBUTE);
        return it == null ? out : it.stream(out);
    }

    /**
     * Gives a request its whole time again, because it begins to write. The interrupt at the
     * deadline could otherwise meet a commit, whose effects outside of the database would then be
     * missing. The database ends statements earlier.
     */
    public static void beginWrite(Context context) {
        Running it = context.attribute(ATTRIBUTE);
        if (it != null) {
            it.allow(LIMIT);
        }
    }

    /** Lets a request take any time, whose route has a deadline of its own. */
    public static void lift(Context context) {
        Running it = context.attribute(ATTRIBUTE);
        if (it != null) {
            it.lift();
        }
    }

    /** Allows the client some time for each piece that is written. */
    private final class Stream extends FilterOutputStream {
        private final Running it;

        Stream(OutputStream out, Running it) {
            super(out);
            this.it = it;
            it.lift();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            it.allow(piece);
            out.write(bytes, offset, length);
            it.lift();
        }

        @Override
        public void flush() throws IOException {
            it.allow(piece);
            out.flush();
            it.lift();
        }
    }

    @Override
    public void close() {
        sweeper.interrupt();
    }
}
