package dev.mailbell.cli.database;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.secret.KeyInfo;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Gives up the secrets that no key of the keyset decrypts, because their keyset is lost. Accounts,
 * marks, events and webhooks stay: an account waits for its login like one that was imported
 * without, a webhook gets a new secret and is disabled. Each step is a transaction; one that is
 * interrupted is continued by the next call.
 */
final class LostKeyset {
    private static final int BATCH = 500;
    private static final String NO_LOGIN =
            "the keyset was lost; give the account its password or OAuth 2.0 grant again";

    private static final String KEY_OF = "encode(substring(%s from 2 for 4), 'hex') = any(:lost)";

    private final Jdbi jdbi;
    private final Keyring keyring;
    private final Instant now;

    /**
     * What was given up.
     *
     * @param keys the lost keys
     */
    record GivenUp(Set<String> keys, long accounts, long webhooks, long apps) {}

    LostKeyset(Jdbi jdbi, Keyring keyring, Instant now) {
        this.jdbi = jdbi;
        this.keyring = keyring;
        this.now = now;
    }

    /**
     * The keys that the database needs and the keyset lacks.
     *
     * @param present the keys of the keyset; empty when there is none
     */
    static Set<String> lost(Jdbi jdbi, List<KeyInfo> present) {
        Set<String> lost = new TreeSet<>();
        jdbi.useHandle(handle ->
                handle.createQuery("select id, fingerprint from keyset_key")
                        .map((row, context) -> {
                            String id = row.getString("id");
                            String fingerprint = row.getString("fingerprint");
                            boolean here =
                                    present.stream()
                                            .anyMatch(key ->
                                                    key.id().equals(id)
                                                            && key.fingerprint()
                                                                    .equals(fingerprint));
                            return here ? "" : id;
                        })
                        .forEach(lost::add));
        lost.remove("");
        return lost;
    }

    /** Whether a daemon uses the database. */
    static boolean isInUse(Jdbi jdbi) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select exists (select from node where expires_at > now())")
                        .mapTo(Boolean.class)
                        .one());
    }

    GivenUp giveUp() {
        Set<String> lost = lost(jdbi, keyring.keys());
        long accounts = 0;
        for (int some = accounts(lost); some > 0; some = accounts(lost)) {
            accounts += some;
        }
        long webhooks = 0;
        for (int some = webhooks(lost); some > 0; some = webhooks(lost)) {
            webhooks += some;
        }
        long apps = jdbi.inTransaction(handle -> rest(handle, lost));
        return new GivenUp(lost, accounts, webhooks, apps);
    }

    private int accounts(Set<String> lost) {
        LoginSecrets secrets = new LoginSecrets(keyring);
        return jdbi.inTransaction(handle -> {
            List<UUID> ids = some(handle, "account", KEY_OF.formatted("credential"), lost);
            for (UUID id : ids) {
                handle.createUpdate(
                                """
                                update account set auth = 'none', oauth_app = null, credential = :none, updated_at = :now,
                                    state = case when state = 'paused' then state else 'parked' end, state_since = :now,
                                    failure_code = case when state = 'paused' then failure_code else 'auth_failed' end,
                                    failure_message = case when state = 'paused' then failure_message else :why end,
                                    failure_since = case when state = 'paused' then failure_since else :now end,
                                    failure_attempts = case when state = 'paused' then failure_attempts else 1 end
                                where id = :id\
                                """)
                        .bind("none", secrets.seal(new LoginSecret.Missing(), id))
                        .bind("why", NO_LOGIN)
                        .bind("now", time())
                        .bind("id", id)
                        .execute();
            }
            return ids.size();
        });
    }

    private int webhooks(Set<String> lost) {
        String condition =
                "("
                        + KEY_OF.formatted("secret")
                        + " or "
                        + KEY_OF.formatted("previous_secret")
                        + " or "
                        + KEY_OF.formatted("headers")
                        + ")";
        return jdbi.inTransaction(handle -> {
            List<UUID> ids = some(handle, "webhook", condition, lost);
            for (UUID id : ids) {
                handle.createUpdate(
                                """
                                update webhook set secret = :secret, previous_secret = null, previous_secret_until = null,
                                    headers = null, header_names = '{}', state = 'disabled', healthy = false,
                                    failing_unannounced = false, last_error = 'the keyset was lost: rotate the secret',
                                    updated_at = :now
                                where id = :id\
                                """)
                        .bind(
                                "secret",
                                keyring.encrypt(Signer.newSecret(), Webhook.secretContext(id)))
                        .bind("now", time())
                        .bind("id", id)
                        .execute();
            }
            return ids.size();
        });
    }

    private static List<UUID> some(
            Handle handle, String table, String condition, Set<String> lost) {
        return handle.createQuery(
                        "select id from "
                                + table
                                + " where "
                                + condition
                                + " order by id limit "
                                + BATCH
                                + " for update")
                .bind("lost", lost.toArray(String[]::new))
                .mapTo(UUID.class)
                .list();
    }

    /** Last of all, because only these rows say that anything is lost. */
    private long rest(Handle handle, Set<String> lost) {
        String[] keys = lost.toArray(String[]::new);
        long apps =
                handle.createUpdate(
                                "update oauth_app set proof = 'none', secret = null, updated_at = :now where "
                                        + KEY_OF.formatted("secret"))
                        .bind("now", time())
                        .bind("lost", keys)
                        .execute();
        handle.createUpdate(
                        "delete from idempotency where "
                                + KEY_OF.formatted("request_hash")
                                + " or "
                                + KEY_OF.formatted("answer"))
                .bind("lost", keys)
                .execute();
        handle.createUpdate("delete from keyset_key where id = any(:lost)")
                .bind("lost", keys)
                .execute();
        keyring.keys()
                .forEach(key ->
                        handle.createUpdate(
                                        "insert into keyset_key (id, fingerprint) values (:id, :fingerprint)"
                                                + " on conflict do nothing")
                                .bind("id", key.id())
                                .bind("fingerprint", key.fingerprint())
                                .execute());
        return apps;
    }

    private OffsetDateTime time() {
        return now.atOffset(ZoneOffset.UTC);
    }
}
