package dev.mailbell.ui.event;

import dev.mailbell.api.event.EventStreamRoute;
import dev.mailbell.api.event.EventStreamRoute.Request;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.ui.client.ClientChoice;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The page of events: the latest ones, and those that happen while it is open, by a stream with the
 * cookie of the session. The stream carries rows as the page has them.
 */
public final class EventPages {
    private static final String PAGE = "/ui/events";
    private static final String STREAM = PAGE + "/stream";

    /** Rows that the page begins with, and that it keeps. */
    private static final int LATEST = 50;

    private static final int MOST = 200;

    private final ClientChoice choice;
    private final EventStore events;
    private final EventStreamRoute streams;

    public EventPages(ClientChoice choice, EventStore events, EventStreamRoute streams) {
        this.choice = choice;
        this.events = events;
        this.streams = streams;
    }

    public void addTo(Pages pages) {
        pages.entry("Events", PAGE, Scope.EVENTS_READ);
        pages.get(PAGE, Scope.EVENTS_READ, this::show);
        pages.get(STREAM, Scope.EVENTS_READ, request -> stream(pages, request));
    }

    /** A stream is of one client: without a choice the operator's is the default one. */
    private UUID client(PageRequest request) {
        UUID chosen = choice.of(request);
        return chosen == null ? ClientStore.DEFAULT : chosen;
    }

    private void show(PageRequest request) {
        UUID client = client(request);
        EventType type = request.query("type").flatMap(EventType::ofWireName).orElse(null);
        String given = request.query("account").filter(it -> it.length() <= 100).orElse("");
        Optional<UUID> account = Uuids.parse(given);
        boolean wrong = !given.isEmpty() && account.isEmpty();
        List<Event> latest =
                wrong ? List.of() : events.latest(client, type, account.orElse(null), LATEST);
        boolean linked = request.may(Scope.ACCOUNTS_READ);
        String typeName = type == null ? "" : type.wireName();
        request.show(
                wrong ? 422 : 200,
                "event/events",
                "Events",
                new EventsView(
                        client.toString(),
                        choice.offered(request),
                        typeName,
                        Stream.of(EventType.values()).map(EventType::wireName).toList(),
                        given,
                        wrong ? "This is no id of an account." : null,
                        path(request, client, type, account.orElse(null), latest),
                        MOST,
                        latest.stream().map(event -> EventRows.of(event, linked)).toList()));
    }

    private String path(
            PageRequest request,
            UUID client,
            @Nullable EventType type,
            @Nullable UUID account,
            List<Event> latest) {
        // After the newest event of all, so that a filter without events begins now, too.
        UUID after =
                latest.isEmpty()
                        ? events.latest(client, null, null, 1).stream()
                                .map(Event::id)
                                .findFirst()
                                .orElse(null)
                        : latest.getFirst().id();
        return Stream.of(
                        request.isOperator() ? "client=" + client : "",
                        type == null ? "" : "type=" + type.wireName(),
                        account == null ? "" : "accountId=" + account,
                        after == null ? "" : "after=" + after)
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("&", STREAM + "?", ""));
    }

    private void stream(Pages pages, PageRequest request) throws InterruptedException {
        Query query = Query.of(request.context());
        query.text("client");
        Request wanted = EventStreamRoute.request(request.context(), query);
        query.validate();
        UUID client = client(request);
        boolean linked = request.may(Scope.ACCOUNTS_READ);
        streams.serveToPage(
                request.context(),
                client,
                request.session(),
                wanted,
                new EventStreamRoute.Form() {
                    @Override
                    public String event(Event event) {
                        return data(pages.fragment("event/row", EventRows.of(event, linked)));
                    }

                    @Override
                    public String heartbeat() {
                        return "event: beat\ndata: 1\n\n";
                    }
                });
    }

    /** A field for each line, as the format of streams wants it. */
    private static String data(String html) {
        return html.lines()
                .map(line -> "data: " + line + "\n")
                .collect(Collectors.joining("", "", "\n"));
    }
}
