package dev.mailbell.api.account.bulk;

import dev.mailbell.account.Account;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.bulk.BulkRegistration.Item;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Json;
import dev.mailbell.client.Scope;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The route that registers many accounts in one call; each succeeds or fails by itself. */
public final class BatchRoutes {
    static final int MAX_ACCOUNTS = 1_000;

    private final AccountResources accounts;
    private final BulkRegistration registration;
    private final Idempotency idempotency;
    private final Watch watch;
    private final RequestLimits limits;

    public BatchRoutes(
            AccountResources accounts,
            BulkRegistration registration,
            Idempotency idempotency,
            Watch watch,
            RequestLimits limits) {
        this.accounts = accounts;
        this.registration = registration;
        this.idempotency = idempotency;
        this.watch = watch;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/batch", Scope.ACCOUNTS_CREDENTIALS, this::register);
    }

    private void register(Context context) {
        idempotency.create(
                context,
                (clientId, json) -> {
                    List<JsonNode> nodes = nodes(json);
                    limits.registrations(context, nodes.size());
                    return creation(clientId, registration.prepare(clientId, nodes));
                });
    }

    private static List<JsonNode> nodes(ObjectNode json) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        fields.require("accounts");
        fields.rejectUnknown();
        JsonNode accounts = json.get("accounts");
        List<JsonNode> nodes = new ArrayList<>();
        if (accounts != null && accounts.isArray() && accounts.size() <= MAX_ACCOUNTS) {
            accounts.forEach(nodes::add);
        }
        if (nodes.isEmpty() && errors.isEmpty()) {
            errors.add("accounts", "must be an array of 1 to " + MAX_ACCOUNTS + " accounts");
        }
        errors.throwIfAny();
        return nodes;
    }

    private Creation creation(UUID clientId, List<Item> items) {
        return new Creation() {
            private List<Account> stored = List.of();

            @Override
            public Result create() {
                stored = registration.store(clientId, items);
                List<Map<String, Object>> results = new ArrayList<>(items.size());
                for (Item item : items) {
                    results.add(result(results.size(), item));
                }
                return new Result(200, Json.bytes(Map.of("results", results)), null);
            }

            @Override
            public void committed() {
                watch.watchNew(stored);
            }
        };
    }

    private Map<String, Object> result(int index, Item item) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("index", index);
        Account account = item.account();
        Problem problem = item.problem();
        if (problem != null) {
            result.put("status", problem.status());
            result.put("problem", problem.document());
        } else if (account != null) {
            result.put("status", 201);
            result.put("account", accounts.newView(account));
        }
        return result;
    }
}
