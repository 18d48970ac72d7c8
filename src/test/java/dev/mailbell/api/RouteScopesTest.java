package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.http.Routes;
import dev.mailbell.client.Scope;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The routes of the API and the operations of openapi.yaml are the same, with the same scopes. */
class RouteScopesTest {
    private static final String NO_KEY = "no key";
    private static final Set<String> METHODS =
            Set.of("get", "post", "put", "patch", "delete", "head", "options");

    /** The parts of the page of the contract, and what only other nodes call. */
    private static final Set<String> UNDOCUMENTED =
            Set.of("GET /docs/{asset}", "POST /internal/v1/commands");

    @Test
    void every_route_requires_the_scope_that_the_contract_states() {
        try (TestApi api = new TestApi()) {
            Map<String, String> routes = new TreeMap<>();
            for (Routes.Declared route : api.api().routes()) {
                routes.put(
                        route.method() + " " + route.template().replace('<', '{').replace('>', '}'),
                        route.scope().map(Scope::wireName).orElse(NO_KEY));
            }
            UNDOCUMENTED.forEach(routes::remove);
            assertThat(routes).isEqualTo(contract());
        }
    }

    @Test
    void every_operation_states_its_scope_itself() {
        Set<String> without = new TreeSet<>();
        operations((name, operation) -> {
            if (!operation.has("security")) {
                without.add(name);
            }
        });
        assertThat(without).isEmpty();
    }

    private static Map<String, String> contract() {
        Map<String, String> scopes = new TreeMap<>();
        operations((name, operation) -> scopes.put(name, scope(name, operation)));
        return scopes;
    }

    private static String scope(String name, JsonNode operation) {
        JsonNode security = operation.path("security");
        if (security.isArray() && security.isEmpty()) {
            return NO_KEY;
        }
        assertThat(security.size()).as(name + ": one way to authenticate").isEqualTo(1);
        JsonNode scopes = security.path(0).path("key");
        assertThat(scopes.size()).as(name + ": one scope").isEqualTo(1);
        return scopes.path(0).stringValue();
    }

    private interface Visitor {
        void visit(String name, JsonNode operation);
    }

    private static void operations(Visitor visitor) {
        YAMLMapper.shared()
                .readTree(Contract.text())
                .required("paths")
                .forEachEntry((path, item) ->
                        item.forEachEntry((method, operation) -> {
                            if (METHODS.contains(method)) {
                                visitor.visit(
                                        method.toUpperCase(Locale.ROOT) + " " + path, operation);
                            }
                        }));
    }
}
