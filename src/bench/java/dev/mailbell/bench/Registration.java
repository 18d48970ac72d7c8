package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.sim.MailLedger;
import dev.mailbell.bench.sim.MailSim;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Registers the accounts of a plan. */
final class Registration {
    private static final int BATCH = 1_000;

    private Registration() {}

    /** Registers all, a thousand in a call. */
    static void all(Api api, Plan plan, MailSim mail, MailLedger ledger) {
        for (int first = 0; first < plan.accounts(); first += BATCH) {
            int count = Math.min(BATCH, plan.accounts() - first);
            List<Map<String, Object>> accounts = new ArrayList<>(count);
            for (int i = first; i < first + count; i++) {
                accounts.add(account(plan, mail, i));
            }
            JsonNode results =
                    api.post("/v1/accounts/batch", Map.of("accounts", accounts)).get("results");
            for (JsonNode result : results) {
                if (result.get("status").asInt() != 201) {
                    throw new BenchException("an account was refused: " + result);
                }
                ledger.register(
                        UUID.fromString(result.get("account").get("id").asString()),
                        first + result.get("index").asInt());
            }
        }
    }

    /** The request that registers an account. */
    static Map<String, Object> account(Plan plan, MailSim mail, int i) {
        return Map.of(
                "address",
                "user" + i + "@bench.local",
                "mail",
                Map.of(
                        "protocol",
                        plan.pop3() ? "pop3" : "imap",
                        "host",
                        mail.host(i),
                        "port",
                        mail.port(),
                        "security",
                        plan.tls() ? "tls" : "none",
                        "username",
                        "user" + i + "@bench.local",
                        "password",
                        "secret",
                        "tls",
                        Map.of("verify", false)),
                "watch",
                Map.of("push", plan.idle() && i >= plan.polled()),
                "labels",
                Map.of("group", plan.accountLabel().apply(i)));
    }
}
