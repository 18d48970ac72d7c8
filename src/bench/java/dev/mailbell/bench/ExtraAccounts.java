package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Registers accounts at mail servers other than that of the test bed; no webhook receives their
 * mail.
 */
final class ExtraAccounts {
    static final String GROUP = "extra";

    private static final int BATCH = 1_000;

    private final List<Map<String, Object>> accounts = new ArrayList<>();

    void add(int number, String host, int port, boolean push, int interval) {
        accounts.add(
                Map.of(
                        "address",
                        "user" + number + "@bench.local",
                        "mail",
                        Map.of(
                                "protocol",
                                "imap",
                                "host",
                                host,
                                "port",
                                port,
                                "security",
                                "none",
                                "username",
                                "user" + number + "@bench.local",
                                "password",
                                "secret"),
                        "watch",
                        Map.of("push", push, "interval", "PT" + interval + "S"),
                        "labels",
                        Map.of("group", GROUP)));
    }

    /** Registers all, a thousand in a call. */
    void register(Api api) {
        for (int first = 0; first < accounts.size(); first += BATCH) {
            int end = Math.min(first + BATCH, accounts.size());
            register(api, accounts.subList(first, end));
        }
    }

    private static void register(Api api, List<Map<String, Object>> some) {
        JsonNode results = api.post("/v1/accounts/batch", Map.of("accounts", some)).get("results");
        for (JsonNode result : results) {
            if (result.get("status").asInt() != 201) {
                throw new BenchException("an account was refused: " + result);
            }
        }
    }
}
