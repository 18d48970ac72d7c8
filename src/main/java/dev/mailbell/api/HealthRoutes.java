package dev.mailbell.api;

import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Whether the process is up, and whether it can do its work. */
final class HealthRoutes {
    private final String version;
    private final Supplier<List<String>> notReady;

    /**
     * @param notReady what is missing, for a person; empty when everything is there
     */
    HealthRoutes(String version, Supplier<List<String>> notReady) {
        this.version = version;
        this.notReady = notReady;
    }

    void addTo(Routes routes) {
        routes.get("/healthz", this::healthy);
        routes.get("/readyz", this::ready);
    }

    private void healthy(Context context) {
        Answers.ok(context, Map.of("status", "up", "version", version));
    }

    private void ready(Context context) {
        List<String> missing = notReady.get();
        if (!missing.isEmpty()) {
            throw new ProblemException(Problem.unavailable(String.join("; ", missing)));
        }
        Answers.ok(context, Map.of("status", "ready"));
    }
}
