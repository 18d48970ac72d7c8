package dev.mailbell.api.http;

import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.AuditEntry;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.Scope;
import dev.mailbell.database.Database;
import dev.mailbell.event.Ids;
import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an entry of the audit log for every request with a valid key that may have changed
 * something, and for refused requests of the operator's routes. The entry is committed before the
 * answer is sent. An entry that cannot be stored is written to the log of the daemon.
 */
public final class AuditTrail {
    private static final Logger LOG = LoggerFactory.getLogger(AuditTrail.class);
    private static final String ABOUT = "mailbell.audit-client";
    private static final int MAX_RESOURCE = 1_000;
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;
    private static final Pattern CLIENT = Pattern.compile("/(?:v1|ui)/clients/([^/]+).*");

    private final AuditStore store;
    private final InstantSource clock;
    private final Counter unwritten;

    public AuditTrail(AuditStore store, MeterRegistry meters, InstantSource clock) {
        this.store = store;
        this.clock = clock;
        this.unwritten =
                Counter.builder("audit.unwritten")
                        .description("Entries of the audit log that only the daemon's log has")
                        .register(meters);
    }

    public void addTo(Routes routes) {
        routes.after(Routes.KEYED + "*", this::record);
        routes.after(Routes.PAGES + "*", this::record);
    }

    /**
     * Says which client's resource a request changes, where neither its path nor its key does: a
     * page of the operator.
     */
    public static void about(Context context, UUID clientId) {
        context.attribute(ABOUT, clientId);
    }

    private void record(Context context) {
        Optional<Routes.Declared> route = Routes.matched(context);
        if (route.isEmpty() || !AccessFilter.isAuthenticated(context)) {
            return;
        }
        int status = context.statusCode();
        boolean changes = !route.get().method().equals("GET");
        boolean refused = isOperators(route.get()) && status == FORBIDDEN;
        // 503: the database is away or the daemon is stopping; the daemon's log says so.
        if ((changes || refused) && status != UNAVAILABLE) {
            write(entry(context, route.get(), AccessFilter.principal(context), status));
        }
    }

    private static boolean isOperators(Routes.Declared route) {
        return route.scope().filter(scope -> scope == Scope.ADMIN).isPresent();
    }

    /** Whether the path, and not the key, says which client a request of the operator is about. */
    private static boolean isAboutClients(Routes.Declared route) {
        return isOperators(route) || CLIENT.matcher(route.template()).matches();
    }

    private AuditEntry entry(
            Context context, Routes.Declared route, Principal principal, int status) {
        String location = context.res().getHeader("Location");
        // A page redirects to what is shown next, the API to what it has made.
        boolean made = location != null && !context.path().startsWith(Routes.PAGES);
        String path = made ? String.valueOf(location) : context.path();
        String resource = path.length() > MAX_RESOURCE ? path.substring(0, MAX_RESOURCE) : path;
        return new AuditEntry(
                Ids.next(),
                clock.instant(),
                clientOf(context, route, principal, resource),
                principal.keyId(),
                principal.keyName(),
                route.method() + " " + route.template().replace('<', '{').replace('>', '}'),
                resource,
                context.req().getRemoteAddr(),
                status);
    }

    private static @Nullable UUID clientOf(
            Context context, Routes.Declared route, Principal principal, String resource) {
        UUID named = context.attribute(ABOUT);
        if (named != null) {
            return named;
        }
        return principal.isOperator() && isAboutClients(route)
                ? clientOf(resource)
                : principal.clientId();
    }

    /** The client that a request of the operator is about; null for one about the daemon. */
    private static @Nullable UUID clientOf(String resource) {
        Matcher matcher = CLIENT.matcher(resource);
        return matcher.matches() ? Uuids.parse(matcher.group(1)).orElse(null) : null;
    }

    private void write(AuditEntry entry) {
        try {
            store.insert(entry);
        } catch (RuntimeException e) {
            unwritten.increment();
            LOG.warn(
                    "The audit log cannot be written ({}): key {} {} from {}: {} {} {}",
                    Database.reason(e),
                    entry.keyId(),
                    entry.keyName(),
                    entry.remoteAddress(),
                    entry.action(),
                    entry.resource(),
                    entry.status());
        }
    }
}
