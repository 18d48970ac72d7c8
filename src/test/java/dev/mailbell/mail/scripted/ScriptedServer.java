package dev.mailbell.mail.scripted;

import dev.mailbell.Circumstances;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/**
 * A server on loopback that plays a {@link Script}, one part for each connection. If the client
 * deviates from it, the connection is closed and {@link #close()} fails the test with the
 * transcript up to that point.
 *
 * <pre>{@code
 * try (ScriptedServer server = ScriptedServer.playing("""
 *         S: +OK ready
 *         C: QUIT
 *         S: +OK bye
 *         """)) {
 *     … server.port() …
 * }
 * }</pre>
 */
public final class ScriptedServer implements AutoCloseable {
    /** Longer than any test takes; only a failing test reaches it. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration SHORTEST = Duration.ofMillis(100);

    private final ServerSocket listening;
    private final List<List<Script.Step>> connections;
    private final Map<String, CountDownLatch> signals = new ConcurrentHashMap<>();
    private final StringBuffer transcript = new StringBuffer();
    private final Thread thread;
    private volatile String fault = "";

    private ScriptedServer(String script) {
        connections = Script.parse(script);
        try {
            listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = Thread.ofVirtual().name("scripted-server").start(this::play);
        Circumstances.note(this::transcript);
    }

    /** A server that plays this script. */
    public static ScriptedServer playing(String script) {
        return new ScriptedServer(script);
    }

    /** A server that plays a script among the test resources, such as {@code transcripts/…}. */
    public static ScriptedServer playingResource(String path) {
        return new ScriptedServer(Script.resource(path));
    }

    /**
     * Plays a script whose last step is silence to a client with a short deadline. On a busy
     * machine the deadline may end before that step, and {@link #close()} fails: the next one is
     * longer. Any other failure is the test's.
     */
    public static <T> T inTime(Function<Duration, T> play) {
        for (Duration time = SHORTEST; ; time = time.multipliedBy(5)) {
            try {
                return play.apply(time);
            } catch (AssertionError failure) {
                if (!isTooEarly(failure) || time.compareTo(PATIENCE) > 0) {
                    throw failure;
                }
            }
        }
    }

    /** What else fails in a session that ended too early has that among the suppressed. */
    private static boolean isTooEarly(AssertionError failure) {
        return failure instanceof TooEarly
                || Stream.of(failure.getSuppressed()).anyMatch(TooEarly.class::isInstance);
    }

    /** Fails so that {@link #inTime} allows more time, where a test plays no script. */
    public static void requireReached(boolean reached, String step) {
        if (!reached) {
            throw new TooEarly("the time was over before this: " + step);
        }
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Lets the script continue after {@code ! wait <signal>}, now or when it reaches that step. */
    public void go(String signal) {
        latch(signal).countDown();
    }

    CountDownLatch latch(String signal) {
        return signals.computeIfAbsent(signal, s -> new CountDownLatch(1));
    }

    /** The lines so far, prefixed by S: or C:. */
    public String transcript() {
        return transcript.toString();
    }

    private void play() {
        for (List<Script.Step> steps : connections) {
            int begun = transcript.length();
            try (Socket socket = listening.accept()) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
                socket.setTcpNoDelay(true);
                new Player(this, socket, transcript).play(steps);
            } catch (Deviation e) {
                fault = e.toString();
                return;
            } catch (IOException | InterruptedException e) {
                if (!hasHungUp(e) || !saidGoodbye(transcript.substring(begun))) {
                    fault = "the script was not played to its end: " + e;
                    return;
                }
            }
        }
    }

    private static boolean hasHungUp(Exception e) {
        return e instanceof SocketException || e instanceof SSLException;
    }

    /**
     * Whether the client's last line was a goodbye. It waits two seconds for the answer, which may
     * take longer on a busy machine, and then it hangs up.
     */
    private static boolean saidGoodbye(String said) {
        int last = said.lastIndexOf("C: ");
        String line = last < 0 ? "" : said.substring(last + 3).lines().findFirst().orElse("");
        return line.equals("QUIT") || line.endsWith(" LOGOUT");
    }

    /**
     * Waits for the end of the script.
     *
     * @throws TooEarly when it was not played to its end, or the client deviated from it
     */
    @Override
    public void close() throws IOException {
        try {
            boolean ended = thread.join(PATIENCE);
            listening.close();
            if (!ended) {
                thread.interrupt();
                thread.join();
            }
            if (!fault.isEmpty() || !ended) {
                throw new TooEarly(
                        (fault.isEmpty() ? "the script has not ended" : fault)
                                + "\n--- said so far\n"
                                + transcript);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the script was played", e);
        }
    }

    /** A session ended before the step that the test is about. */
    public static final class TooEarly extends AssertionError {
        private static final long serialVersionUID = 1L;

        TooEarly(String message) {
            super(message);
        }

        /**
         * @param cause a failure that may be due to that
         */
        public TooEarly(AssertionError cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Thrown when the client deviates from the script. */
    static final class Deviation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Deviation(String message) {
            super(message);
        }
    }
}
