package dev.mailbell.ui.client;

import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.AuditEntry;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.Scope;
import dev.mailbell.ui.page.FilterQuery;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.page.Times;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The page of the audit log. */
final class AuditPages {
    private static final String PAGE = "/ui/audit";
    private static final int LIMIT = 50;
    private static final int MAX_TEXT = 500;
    private static final int REFUSED = 400;
    private static final Map<String, Boolean> RESULTS = Map.of("done", true, "refused", false);

    private final ClientChoice choice;
    private final AuditStore store;

    AuditPages(ClientChoice choice, AuditStore store) {
        this.choice = choice;
        this.store = store;
    }

    void addTo(Pages pages) {
        pages.entry("Audit", PAGE, Scope.AUDIT_READ);
        pages.get(PAGE, Scope.AUDIT_READ, this::show);
    }

    private void show(PageRequest request) {
        Map<String, String> given = new LinkedHashMap<>();
        Map<String, String> faults = new LinkedHashMap<>();
        for (String name :
                List.of("client", "keyId", "action", "resource", "result", "since", "until")) {
            request.query(name)
                    .filter(text -> text.length() <= MAX_TEXT && text.indexOf(0) < 0)
                    .ifPresent(text -> given.put(name, text));
        }
        AuditStore.Filter filter =
                new AuditStore.Filter(
                        choice.of(request),
                        given.get("keyId"),
                        given.get("action"),
                        given.get("resource"),
                        Optional.ofNullable(given.get("result")).map(RESULTS::get).orElse(null),
                        moment(given, "since", faults),
                        moment(given, "until", faults));
        UUID before = request.query("before").flatMap(Uuids::parse).orElse(null);
        List<AuditEntry> found =
                faults.isEmpty() ? store.before(filter, before, LIMIT + 1) : List.of();
        List<AuditEntry> shown = found.subList(0, Math.min(LIMIT, found.size()));
        Map<UUID, String> names =
                choice.names(
                        request,
                        shown.stream()
                                .map(AuditEntry::clientId)
                                .filter(Objects::nonNull)
                                .distinct()
                                .toList());
        request.show(
                faults.isEmpty() ? 200 : 422,
                "client/audit",
                "Audit",
                new AuditView(
                        given,
                        faults,
                        choice.offered(request),
                        shown.stream().map(entry -> row(entry, names)).toList(),
                        found.size() > LIMIT
                                ? PAGE
                                        + "?"
                                        + FilterQuery.of(given)
                                        + "before="
                                        + shown.getLast().id()
                                : null));
    }

    private static @Nullable Instant moment(
            Map<String, String> given, String name, Map<String, String> faults) {
        String text = given.get(name);
        if (text == null) {
            return null;
        }
        Optional<Instant> moment = Times.parse(text);
        if (moment.isEmpty()) {
            faults.put(name, "Give a date and a time.");
        }
        return moment.orElse(null);
    }

    private static AuditView.Row row(AuditEntry entry, Map<UUID, String> names) {
        UUID client = entry.clientId();
        return new AuditView.Row(
                entry.at(),
                entry.keyName(),
                entry.keyId(),
                entry.action(),
                entry.resource(),
                client == null ? null : names.get(client),
                entry.remoteAddress(),
                entry.status(),
                entry.status() < REFUSED ? "good" : "bad");
    }
}
