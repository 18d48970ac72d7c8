package dev.mailbell.api.event;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.MinuteLog;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.database.Database;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The feed as Server-Sent Events (HTML Living Standard, section 9.2). Each stream reads the table
 * at the pace of its reader, a page at a time, so nothing gathers in memory; one that takes nothing
 * for 30 s meets the connection's idle timeout, is cut off, and resumes where it was.
 */
public final class EventStreamRoute {
    private static final Logger LOG = LoggerFactory.getLogger(EventStreamRoute.class);
    private static final MinuteLog LINES = new MinuteLog(System::nanoTime);
    private static final int PAGE = 100;
    private static final Duration BETWEEN_COMMENTS = Duration.ofSeconds(15);

    /** How long a reader waits before it connects again, in milliseconds. */
    private static final String BEGIN = "retry: 1000\n\n";

    private static final String COMMENT = ": still here\n\n";

    private final EventStore events;
    private final EventStreams streams;

    public EventStreamRoute(EventStore events, EventStreams streams) {
        this.events = events;
        this.streams = streams;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/events/stream", this::stream);
    }

    private void stream(Context context) throws InterruptedException {
        Query query = Query.of(context);
        UUID after = query.id("after").orElse(null);
        EventFilter filter = EventFilter.read(query);
        String last = context.header("Last-Event-ID");
        if (last != null && !last.isEmpty()) {
            // The browser's own resuming goes before what the URL says since the first time.
            after = Uuids.parse(last).orElse(null);
            if (after == null) {
                query.fault("Last-Event-ID", "must be the id of an event, a UUID");
            }
        }
        query.done();
        UUID clientId = AccessFilter.caller(context).clientId();
        try (EventStreams.Place place = streams.enter(clientId)) {
            // Before the answer begins: what is wrong can still be told as a problem.
            List<Event> first = page(clientId, filter, after);
            context.status(200)
                    .contentType("text/event-stream")
                    .header("Cache-Control", "no-store")
                    // Proxies in front must not gather what is to arrive at once.
                    .header("X-Accel-Buffering", "no");
            if (context.method() == HandlerType.HEAD) {
                return;
            }
            try {
                run(context.res().getOutputStream(), place, clientId, filter, after, first);
            } catch (IOException gone) {
                LOG.debug("A stream of client {} ended: {}", clientId, gone.toString());
            } catch (RuntimeException e) {
                // The answer has begun; the reader comes again and is told then.
                if (LINES.admit("broke off").isPresent()) {
                    LOG.warn("A stream of client {} broke off: {}", clientId, Database.reason(e));
                }
            }
        }
    }

    private void run(
            OutputStream out,
            EventStreams.Place place,
            UUID clientId,
            EventFilter filter,
            @Nullable UUID after,
            List<Event> first)
            throws IOException, InterruptedException {
        write(out, BEGIN);
        List<Event> page = first;
        UUID last = after;
        long written = System.nanoTime();
        while (!streams.isClosing()) {
            if (!page.isEmpty()) {
                StringBuilder text = new StringBuilder();
                page.forEach(event -> append(text, event));
                write(out, text.toString());
                last = page.getLast().id();
                written = System.nanoTime();
            }
            if (page.size() < PAGE) {
                Duration idle = Duration.ofNanos(System.nanoTime() - written);
                if (idle.compareTo(BETWEEN_COMMENTS) >= 0) {
                    write(out, COMMENT);
                    written = System.nanoTime();
                    idle = Duration.ZERO;
                }
                place.await(BETWEEN_COMMENTS.minus(idle));
            }
            page = page(clientId, filter, last);
        }
    }

    private List<Event> page(UUID clientId, EventFilter filter, @Nullable UUID after) {
        return events.after(clientId, after, filter.type(), filter.accountId(), PAGE);
    }

    private static void append(StringBuilder text, Event event) {
        text.append("id: ")
                .append(event.id())
                .append("\nevent: ")
                .append(event.type().wireName())
                .append("\ndata: ")
                .append(Json.MAPPER.writeValueAsString(EventRoutes.view(event)))
                .append("\n\n");
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
