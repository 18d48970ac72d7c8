package dev.mailbell.cli.status;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.RefusedException;
import java.time.Instant;
import java.time.InstantSource;
import tools.jackson.databind.JsonNode;

/**
 * What the API says at one moment.
 *
 * @param stats the document of {@code /v1/stats}
 * @param trouble why the node that answers is not ready; empty when it is
 * @param metrics of that node; none where they have a port of their own
 */
record Snapshot(Instant at, JsonNode stats, String trouble, Metrics metrics) {
    static Snapshot take(Api api, InstantSource clock) {
        JsonNode stats = api.get("/v1/stats");
        return new Snapshot(clock.instant(), stats, trouble(api), metrics(api));
    }

    private static String trouble(Api api) {
        try {
            api.get("/readyz");
            return "";
        } catch (RefusedException e) {
            return e.detail().isEmpty() ? e.reason() : e.detail();
        }
    }

    private static Metrics metrics(Api api) {
        try {
            return Metrics.parse(api.call("GET", "/metrics", null).text());
        } catch (RefusedException e) {
            // They have a port of their own; the rest is shown without them.
            return Metrics.none();
        }
    }

    /** The name of the node that answers. */
    String nodeName() {
        String id = Documents.text(stats, "node");
        for (JsonNode node : stats.path("nodes")) {
            if (Documents.text(node, "id").equals(id)) {
                return Documents.text(node, "name");
            }
        }
        return id;
    }
}
