package dev.mailbell.api.event;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.LogThrottle;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.Scope;
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
 * The route of the event feed as Server-Sent Events (HTML Living Standard, section 9.2). Each
 * stream reads the table one page at a time, as fast as its client reads, so no events queue in
 * memory. A client that does not read what is written within 30 s is disconnected and can resume.
 */
public final class EventStreamRoute {
    private static final Logger LOG = LoggerFactory.getLogger(EventStreamRoute.class);
    private static final LogThrottle THROTTLE = new LogThrottle(System::nanoTime);
    private static final int PAGE_SIZE = 100;
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    /** How often a quiet stream asks whether its key is still valid. */
    private static final Duration KEY_CHECK = Duration.ofSeconds(3);

    /** Clients wait 1,000 ms before they reconnect. */
    private static final String RETRY = "retry: 1000\n\n";

    private static final String COMMENT = ": still here\n\n";

    private final EventStore events;
    private final EventStreams streams;

    public EventStreamRoute(EventStore events, EventStreams streams) {
        this.events = events;
        this.streams = streams;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/events/stream", Scope.EVENTS_READ, this::stream);
    }

    private void stream(Context context) throws InterruptedException {
        Query query = Query.of(context);
        Request request = request(context, query);
        query.validate();
        UUID clientId = AccessFilter.principal(context).clientId();
        try (EventStreams.Subscription subscription = streams.open(clientId)) {
            serve(context, subscription, clientId, request, Form.JSON);
        }
    }

    /**
     * What a stream is to carry.
     *
     * @param after the event before the first one; null for the oldest that is kept
     */
    public record Request(EventFilter filter, @Nullable UUID after) {}

    /** How a stream writes. */
    public interface Form {
        /** As programs read it. */
        Form JSON =
                new Form() {
                    @Override
                    public String event(Event event) {
                        return "event: "
                                + event.type().wireName()
                                + "\ndata: "
                                + Json.MAPPER.writeValueAsString(EventRoutes.view(event))
                                + "\n\n";
                    }

                    @Override
                    public String heartbeat() {
                        return COMMENT;
                    }
                };

        /** The fields of an event after its id, with an empty line at the end. */
        String event(Event event);

        /** What a quiet stream carries every {@link #HEARTBEAT}. */
        String heartbeat();
    }

    /** Reads the parameters {@code after}, {@code type} and {@code accountId}. */
    public static Request request(Context context, Query query) {
        UUID after = query.id("after").orElse(null);
        EventFilter filter = EventFilter.read(query);
        String last = context.header("Last-Event-ID");
        if (last != null && !last.isEmpty()) {
            // A reconnecting browser sends this header; it overrides the URL's older position.
            after = Uuids.parse(last).orElse(null);
            if (after == null) {
                query.error("Last-Event-ID", "must be the id of an event, a UUID");
            }
        }
        return new Request(filter, after);
    }

    /**
     * Answers with the events of a client to a page, for as long as the sender may read them.
     *
     * @param session of the browser, which may have some streams of pages at a time
     */
    public void serveToPage(
            Context context, UUID clientId, UUID session, Request request, Form form)
            throws InterruptedException {
        try (EventStreams.Subscription subscription = streams.openOfPage(clientId, session)) {
            serve(context, subscription, clientId, request, form);
        }
    }

    private void serve(
            Context context,
            EventStreams.Subscription subscription,
            UUID clientId,
            Request request,
            Form form)
            throws InterruptedException {
        // Before the answer begins, so that a failure becomes a problem document.
        List<Event> first = page(clientId, request.filter(), request.after());
        context.status(200)
                .contentType("text/event-stream")
                .header("Cache-Control", "no-store")
                // Tells proxies such as nginx not to buffer the stream.
                .header("X-Accel-Buffering", "no");
        if (context.method() == HandlerType.HEAD) {
            return;
        }
        try {
            run(context, subscription, clientId, request, form, first);
        } catch (IOException gone) {
            LOG.debug("A stream of client {} ended: {}", clientId, gone.toString());
        } catch (RuntimeException e) {
            // The answer has begun, so its status is sent; the client reconnects.
            if (THROTTLE.admit("broke off").isPresent()) {
                LOG.warn("A stream of client {} broke off: {}", clientId, Database.reason(e));
            }
        }
    }

    private void run(
            Context context,
            EventStreams.Subscription subscription,
            UUID clientId,
            Request request,
            Form form,
            List<Event> first)
            throws IOException, InterruptedException {
        OutputStream out = RequestDeadline.stream(context);
        write(out, RETRY);
        List<Event> page = first;
        UUID last = request.after();
        long written = System.nanoTime();
        while (!streams.isClosing()) {
            if (!page.isEmpty()) {
                // After the page was read: the key may have become invalid before its events.
                if (!AccessFilter.isStillAdmitted(context)) {
                    return;
                }
                StringBuilder text = new StringBuilder();
                page.forEach(event -> append(text, event, form));
                write(out, text.toString());
                last = page.getLast().id();
                written = System.nanoTime();
            }
            if (page.size() < PAGE_SIZE) {
                Duration idle = Duration.ofNanos(System.nanoTime() - written);
                if (idle.compareTo(HEARTBEAT) >= 0) {
                    write(out, form.heartbeat());
                    written = System.nanoTime();
                    idle = Duration.ZERO;
                }
                if (!awaitEvents(context, subscription, HEARTBEAT.minus(idle))) {
                    return;
                }
            }
            page = page(clientId, request.filter(), last);
        }
    }

    /**
     * Waits until there may be new events, or until {@code limit} has passed.
     *
     * @return false when the key of the request is not valid any more
     */
    private static boolean awaitEvents(
            Context context, EventStreams.Subscription subscription, Duration limit)
            throws InterruptedException {
        Duration left = limit;
        while (left.isPositive()) {
            Duration wait = left.compareTo(KEY_CHECK) < 0 ? left : KEY_CHECK;
            if (subscription.await(wait)) {
                return true;
            }
            left = left.minus(wait);
            if (!AccessFilter.isStillAdmitted(context)) {
                return false;
            }
        }
        return true;
    }

    private List<Event> page(UUID clientId, EventFilter filter, @Nullable UUID after) {
        return events.after(clientId, after, filter.type(), filter.accountId(), PAGE_SIZE);
    }

    private static void append(StringBuilder text, Event event, Form form) {
        text.append("id: ").append(event.id()).append('\n').append(form.event(event));
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
