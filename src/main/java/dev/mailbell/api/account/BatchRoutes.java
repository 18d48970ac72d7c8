package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
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

/** Many accounts in one call; each stands alone. */
public final class BatchRoutes {
    static final int MOST = 1_000;
    // As many names as are looked up at once anyway.
    private static final int AT_ONCE = 32;

    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registrar;
    private final Idempotency idempotency;
    private final Watch watch;

    public BatchRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registrar,
            Idempotency idempotency,
            Watch watch) {
        this.accounts = accounts;
        this.reader = reader;
        this.registrar = registrar;
        this.idempotency = idempotency;
        this.watch = watch;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/batch", this::register);
    }

    /** An account to store, or the problem that it has. */
    private sealed interface Judged {
        record Good(Account account) implements Judged {}

        record Bad(Problem problem) implements Judged {}
    }

    private void register(Context context) {
        Query.of(context).done();
        byte[] body = Body.bytes(context);
        UUID clientId = AccessFilter.caller(context).clientId();
        idempotency.answer(
                context, body, () -> creation(clientId, judge(clientId, items(Json.object(body)))));
    }

    private static List<JsonNode> items(ObjectNode json) {
        FieldErrors faults = new FieldErrors();
        Fields fields = Fields.of(json, faults);
        fields.require("accounts");
        fields.done();
        JsonNode accounts = json.get("accounts");
        List<JsonNode> items = new ArrayList<>();
        if (accounts != null && accounts.isArray() && accounts.size() <= MOST) {
            accounts.forEach(items::add);
        }
        if (items.isEmpty() && faults.isEmpty()) {
            faults.add("accounts", "must be an array of 1 to " + MOST + " accounts");
        }
        faults.throwIfAny();
        return items;
    }

    /** Side by side, because each may have to wait for a name to be looked up. */
    private List<Judged> judge(UUID clientId, List<JsonNode> items) {
        Semaphore permits = new Semaphore(AT_ONCE);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Judged>> futures = new ArrayList<>();
            for (JsonNode item : items) {
                futures.add(
                        threads.submit(() -> {
                            permits.acquire();
                            try {
                                return judge(clientId, item);
                            } finally {
                                permits.release();
                            }
                        }));
            }
            List<Judged> judged = new ArrayList<>();
            for (Future<Judged> future : futures) {
                judged.add(future.get());
            }
            return judged;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an account could not be judged", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
    }

    private Judged judge(UUID clientId, JsonNode item) {
        if (!(item instanceof ObjectNode object)) {
            return new Judged.Bad(Problem.malformed("an account must be a JSON object"));
        }
        try {
            return new Judged.Good(
                    registrar.account(clientId, registrar.decide(reader.read(object))));
        } catch (ProblemException e) {
            return new Judged.Bad(e.problem());
        }
    }

    private Creation creation(UUID clientId, List<Judged> judged) {
        return new Creation() {
            private final List<Account> stored = new ArrayList<>();

            @Override
            public Result create() {
                long room = accounts.room(clientId);
                List<Map<String, Object>> results = new ArrayList<>();
                for (Judged item : judged) {
                    Map<String, Object> result = new LinkedHashMap<>();
                    result.put("index", results.size());
                    switch (item) {
                        case Judged.Good(Account account) -> {
                            Problem problem =
                                    stored.size() < room
                                            ? accounts.insert(account)
                                            : accounts.tooMany();
                            if (problem == null) {
                                stored.add(account);
                                result.put("status", 201);
                                result.put("account", accounts.view(account));
                            } else {
                                put(result, problem);
                            }
                        }
                        case Judged.Bad(Problem problem) -> put(result, problem);
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
