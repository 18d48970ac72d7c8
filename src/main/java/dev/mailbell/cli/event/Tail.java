package dev.mailbell.cli.event;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.api.RefusedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Follows the stream of events until it is stopped. After a cut, a restart of the node or a change
 * to another one it goes on after the event that it saw last, so that none is left out.
 */
final class Tail {
    /** The API sends a comment every 15 s; a stream that is silent for three of them is dead. */
    private static final Duration SILENCE = Duration.ofSeconds(45);

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    private final Api api;
    private final String path;
    private final Duration patience;
    private final Consumer<JsonNode> events;
    private final Consumer<String> notices;

    private volatile boolean stopping;
    private volatile @Nullable Thread thread;
    private @Nullable String last;
    private boolean wasConnected;

    /**
     * @param query the filters
     * @param patience how long to try again after a cut
     * @param events gets each event
     * @param notices gets a line when the stream is cut and when it goes on
     */
    Tail(
            Api api,
            Parameters query,
            Duration patience,
            Consumer<JsonNode> events,
            Consumer<String> notices) {
        this.api = api;
        this.path = "/v1/events/stream" + query;
        this.patience = patience;
        this.events = events;
        this.notices = notices;
    }

    /** Ends {@link #run}; callable from any thread, also before it begins. */
    void stop() {
        stopping = true;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    /**
     * Follows the stream.
     *
     * @param after the id of the event before the first one; null for the oldest that is kept
     */
    void run(@Nullable String after) {
        last = after;
        thread = Thread.currentThread();
        long cutAt = System.nanoTime();
        Duration pause = SHORTEST_PAUSE;
        while (!stopping) {
            String reason;
            try {
                boolean heard = follow();
                if (heard) {
                    cutAt = System.nanoTime();
                    pause = SHORTEST_PAUSE;
                }
                reason = "the stream ended";
            } catch (RefusedException e) {
                if (stopping) {
                    break;
                }
                if (!e.isPassing()) {
                    throw e;
                }
                pause = longer(pause, e.retryAfter());
                reason = e.reason();
            } catch (ApiFailure e) {
                if (stopping) {
                    break;
                }
                if (!wasConnected) {
                    throw e;
                }
                reason = e.reason();
            }
            if (stopping) {
                break;
            }
            if (Duration.ofNanos(System.nanoTime() - cutAt).compareTo(patience) >= 0) {
                throw new ApiFailure(
                        ExitCodes.UNREACHABLE,
                        "gave up after %d s without a stream (--patience): %s"
                                .formatted(patience.toSeconds(), reason));
            }
            notices.accept(reason + "; trying again");
            if (!sleep(pause)) {
                break;
            }
            Duration twice = pause.multipliedBy(2);
            pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
        }
        // The signal's interrupt has done its work.
        boolean _ = Thread.interrupted();
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static boolean sleep(Duration duration) {
        try {
            Thread.sleep(duration);
            return true;
        } catch (InterruptedException e) {
            // Only stop() interrupts.
            return false;
        }
    }

    /**
     * Reads one stream to its end.
     *
     * @return whether there was one
     */
    private boolean follow() {
        Map<String, String> headers = last == null ? Map.of() : Map.of("Last-Event-ID", last);
        try (InputStream stream = api.stream(path, headers);
                Silence silence = new Silence(stream, SILENCE)) {
            if (wasConnected) {
                notices.accept("connected again");
            }
            wasConnected = true;
            EventLines lines = new EventLines(new BufferedInputStream(stream), silence::heard);
            for (Optional<EventLines.Sent> sent = lines.next();
                    sent.isPresent() && !stopping;
                    sent = lines.next()) {
                events.accept(Documents.MAPPER.readTree(sent.get().data()));
                last = sent.get().id();
            }
        } catch (IOException e) {
            // A cut, which is what this class is for: the loop says so and goes on.
            return true;
        }
        return true;
    }
}
