package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The route that registers many accounts in one call; each succeeds or fails by itself. */
public final class BatchRoutes {
    static final int MAX_ACCOUNTS = 1_000;
    // Half of the address guard's threads for DNS lookups.
    private static final int CONCURRENCY = 32;

    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final Idempotency idempotency;
    private final Watch watch;
    private final RequestLimits limits;

    public BatchRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registration,
            Idempotency idempotency,
            Watch watch,
            RequestLimits limits) {
        this.accounts = accounts;
        this.reader = reader;
        this.registration = registration;
        this.idempotency = idempotency;
        this.watch = watch;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/batch", Scope.ACCOUNTS_CREDENTIALS, this::register);
    }

    /** An account of the batch after validation. */
    private sealed interface Item {
        record Valid(Account account) implements Item {}

        record Invalid(Problem problem) implements Item {}
    }

    private void register(Context context) {
        Query.of(context).validate();
        byte[] body = Body.bytes(context);
        UUID clientId = AccessFilter.principal(context).clientId();
        idempotency.answer(
                context,
                body,
                () -> {
                    List<JsonNode> nodes = nodes(Json.object(body));
                    limits.registrations(context, nodes.size());
                    return creation(clientId, validate(clientId, nodes));
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

    /** In parallel, because each item may wait for a DNS lookup. */
    private List<Item> validate(UUID clientId, List<JsonNode> nodes) {
        Semaphore permits = new Semaphore(CONCURRENCY);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Item>> futures = new ArrayList<>();
            for (JsonNode node : nodes) {
                futures.add(
                        threads.submit(() -> {
                            permits.acquire();
                            try {
                                return validate(clientId, node);
                            } finally {
                                permits.release();
                            }
                        }));
            }
            List<Item> items = new ArrayList<>();
            for (Future<Item> future : futures) {
                items.add(future.get());
            }
            return items;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an account could not be validated", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
    }

    private Item validate(UUID clientId, JsonNode node) {
        if (!(node instanceof ObjectNode object)) {
            return new Item.Invalid(Problem.malformed("an account must be a JSON object"));
        }
        try {
            return new Item.Valid(
                    registration.account(clientId, registration.resolve(reader.read(object))));
        } catch (ProblemException e) {
            return new Item.Invalid(e.problem());
        }
    }

    private Creation creation(UUID clientId, List<Item> items) {
        return new Creation() {
            private final List<Account> stored = new ArrayList<>();

            @Override
            public Result create() {
                long remaining = accounts.remaining(clientId);
                List<Map<String, Object>> results = new ArrayList<>();
                for (Item item : items) {
                    Map<String, Object> result = new LinkedHashMap<>();
                    result.put("index", results.size());
                    switch (item) {
                        case Item.Valid(Account account) -> {
                            Problem problem =
                                    stored.size() < remaining
                                            ? accounts.insert(account)
                                            : accounts.tooMany(clientId);
                            if (problem == null) {
                                stored.add(account);
                                result.put("status", 201);
                                result.put("account", accounts.view(account));
                            } else {
                                put(result, problem);
                            }
                        }
                        case Item.Invalid(Problem problem) -> put(result, problem);
                    }
                    results.add(result);
                }
                return new Result(200, Json.bytes(Map.of("results", results)), null);
            }

            private void put(Map<String, Object> result, Problem problem) {
                result.put("status", problem.status());
                result.put("problem", problem.document());
            }

            @Override
            public void committed() {
                stored.forEach(watch::watch);
            }
        };
    }
}
