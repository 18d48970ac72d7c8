package dev.mailbell.api.client;

import dev.mailbell.api.account.bulk.AccountTransfer;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.api.webhook.WebhookTransfer;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import dev.mailbell.database.Database;
import dev.mailbell.event.Timestamps;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The route that streams a client's accounts, marks and webhooks, an object a line. The last line
 * counts them: an answer without it was cut off.
 */
public final class ExportRoute {
    static final String NDJSON = "application/x-ndjson";
    static final int VERSION = 1;

    private static final Logger LOG = LoggerFactory.getLogger(ExportRoute.class);
    private static final int BUFFER = 64 * 1024;

    private final ClientStore clients;
    private final AccountTransfer accounts;
    private final WebhookTransfer webhooks;
    private final InstantSource clock;

    public ExportRoute(
            ClientStore clients,
            AccountTransfer accounts,
            WebhookTransfer webhooks,
            InstantSource clock) {
        this.clients = clients;
        this.accounts = accounts;
        this.webhooks = webhooks;
        this.clock = clock;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/clients/{id}/export", Scope.ADMIN, this::export);
    }

    private void export(Context context) {
        Query.of(context).validate();
        UUID id = client(clients, context);
        context.status(200).contentType(NDJSON).header("Cache-Control", "no-store");
        if (context.method() == HandlerType.HEAD) {
            return;
        }
        try (OutputStream out = new BufferedOutputStream(RequestDeadline.stream(context), BUFFER)) {
            write(out, id);
        } catch (IOException | UncheckedIOException gone) {
            LOG.debug("The reader of an export of client {} is gone", id, gone);
        } catch (RuntimeException e) {
            // The answer has begun, so its status is sent; it ends without its last line.
            LOG.warn("An export of client {} broke off: {}", id, Database.reason(e));
        }
    }

    /** The client that a path names and that is not being erased. */
    static UUID client(ClientStore clients, Context context) {
        return Uuids.parse(context.pathParam("id"))
                .filter(clients::exists)
                .orElseThrow(() ->
                        new ProblemException(Problem.notFound("there is no client with this id")));
    }

    private void write(OutputStream out, UUID id) throws IOException {
        ObjectNode head = line("export");
        head.put("version", VERSION);
        head.put("clientId", id.toString());
        head.put("at", Timestamps.text(clock.instant()));
        write(out, head);
        ObjectNode end = line("end");
        end.put("accounts", accounts.export(id, json -> writeUnchecked(out, json)));
        end.put("webhooks", webhooks.export(id, json -> writeUnchecked(out, json)));
        write(out, end);
    }

    private static ObjectNode line(String type) {
        return Json.MAPPER.createObjectNode().put("type", type);
    }

    private static void writeUnchecked(OutputStream out, ObjectNode json) {
        try {
            write(out, json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(OutputStream out, ObjectNode json) throws IOException {
        out.write(Json.bytes(json));
        out.write('\n');
    }
}
