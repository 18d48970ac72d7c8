package dev.mailbell.api.admin;

import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;

/** The routes of the health checks: whether the process is up, and whether it can do its work. */
public final class HealthRoutes {
    private final String version;
    private final ReadinessReasons notReady;

    public HealthRoutes(String version, ReadinessReasons notReady) {
        this.version = version;
        this.notReady = notReady;
    }

    public void addTo(Routes routes) {
        routes.getWithoutKey("/healthz", this::healthy);
        routes.getWithoutKey("/readyz", this::ready);
    }

    private void healthy(Context context) {
        Responses.ok(context, Map.of("status", "up", "version", version));
    }

    private void ready(Context context) {
        List<String> reasons = notReady.get();
        if (!reasons.isEmpty()) {
            throw new ProblemException(Problem.unavailable(String.join("; ", reasons)));
        }
        List<String> warnings = notReady.warnings();
        Responses.ok(
                context,
                warnings.isEmpty()
                        ? Map.of("status", "ready")
                        : Map.of("status", "ready", "warnings", warnings));
    }
}
