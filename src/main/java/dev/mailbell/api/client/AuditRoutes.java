package dev.mailbell.api.client;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.AuditEntry;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.AuditStore.Filter;
import dev.mailbell.client.Scope;
import dev.mailbell.database.Database;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes of the audit log. A client reads its own entries, the operator all, or those of the
 * client that {@code Mailbell-Client} names.
 */
public final class AuditRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(AuditRoutes.class);
    private static final int EXPORT_PAGE = 500;
    private static final String NDJSON = "application/x-ndjson";
    private static final Map<String, Boolean> RESULTS = Map.of("done", true, "refused", false);

    private final AuditStore store;

    public AuditRoutes(AuditStore store) {
        this.store = store;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/audit", Scope.AUDIT_READ, this::list);
        routes.get("/v1/audit/export", Scope.AUDIT_READ, this::export);
    }

    private static Filter filter(Context context, Query query) {
        Principal principal = AccessFilter.principal(context);
        boolean all = principal.isOperator() && !principal.clientNamed();
        return new Filter(
                all ? null : principal.clientId(),
                query.text("keyId").orElse(null),
                query.text("action").orElse(null),
                query.text("resource").orElse(null),
                query.read(
                                "result",
                                text -> Optional.ofNullable(RESULTS.get(text)),
                                "must be done or refused")
                        .orElse(null),
                query.instant("since").orElse(null),
                query.instant("until").orElse(null));
    }

    private void list(Context context) {
        Query query = Query.of(context);
        Filter filter = filter(context, query);
        int limit = query.limit();
        UUID before = query.cursor().orElse(null);
        query.validate();
        Responses.ok(
                context,
                Page.of(
                        store.before(filter, before, limit + 1),
                        limit,
                        AuditEntry::id,
                        AuditView::of));
    }

    /** Reads one page at a time, as fast as the client reads. */
    private void export(Context context) {
        Query query = Query.of(context);
        Filter filter = filter(context, query);
        query.validate();
        List<AuditEntry> page = store.after(filter, null, EXPORT_PAGE);
        context.status(200).contentType(NDJSON);
        if (context.method() == HandlerType.HEAD) {
            return;
        }
        try {
            OutputStream out = RequestDeadline.stream(context);
            write(out, page);
            while (page.size() == EXPORT_PAGE) {
                if (!AccessFilter.isStillAdmitted(context)) {
                    Responses.breakOff(context);
                    return;
                }
                page = store.after(filter, page.getLast().id(), EXPORT_PAGE);
                write(out, page);
            }
        } catch (IOException gone) {
            LOG.debug("An export of the audit log ended: {}", gone.toString());
        } catch (RuntimeException e) {
            LOG.warn("An export of the audit log broke off: {}", Database.reason(e));
            Responses.breakOff(context);
        }
    }

    private static void write(OutputStream out, List<AuditEntry> page) throws IOException {
        StringBuilder text = new StringBuilder();
        page.forEach(entry ->
                text.append(Json.MAPPER.writeValueAsString(AuditView.of(entry))).append('\n'));
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
