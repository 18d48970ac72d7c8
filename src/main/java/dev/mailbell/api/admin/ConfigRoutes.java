package dev.mailbell.api.admin;

import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.client.Scope;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import dev.mailbell.routing.ConfigurationReloads;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/** The route that reloads the configuration of all nodes. */
public final class ConfigRoutes {
    private final Supplier<ConfigurationReloads.Result> reload;

    /**
     * @param reload throws {@link ConfigurationException} when the configuration is refused
     */
    public ConfigRoutes(Supplier<ConfigurationReloads.Result> reload) {
        this.reload = reload;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/config/reload", Scope.ADMIN, this::reload);
    }

    private record View(List<String> changed, List<String> needsRestart, List<NodeView> nodes) {}

    private record NodeView(UUID id, String name, String configuration) {}

    private void reload(Context context) {
        try {
            ConfigurationReloads.Result result = reload.get();
            Responses.ok(
                    context,
                    new View(
                            result.here().changed(),
                            result.here().needsRestart(),
                            result.others().stream()
                                    .map(node ->
                                            new NodeView(
                                                    node.id(),
                                                    node.name(),
                                                    EnumNames.of(node.state())))
                                    .toList()));
        } catch (ConfigurationException e) {
            throw new ProblemException(refusal(e.faults()));
        }
    }

    private static Problem refusal(List<ConfigurationFault> faults) {
        return Problem.refused(
                        "configuration-refused",
                        (faults.size() == 1 ? "1 fault" : faults.size() + " faults")
                                + " in the configuration, see errors; everything stays as it was")
                .with("errors", faults.stream().map(ConfigRoutes::error).toList());
    }

    private static Map<String, Object> error(ConfigurationFault fault) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("field", fault.key().isEmpty() ? fault.source() : fault.key());
        error.put("message", fault.message());
        error.put("source", fault.source());
        if (fault.line() != 0) {
            error.put("line", fault.line());
        }
        return error;
    }
}
