package dev.mailbell.delivery.post;

import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Headers;
import dev.mailbell.webhook.WebhookHeaders;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The 2,048 signing secrets and sets of headers used last, in clear: decryption would be a tenth of
 * the CPU time of a POST. Safe for many threads.
 */
final class DecryptedSecretCache {
    private static final int MAX_SECRETS = 2048;

    private final Keyring keyring;
    private final Map<Encrypted, Secret> decrypted = Collections.synchronizedMap(new Recent());

    /** A secret as it is stored, and its webhook. */
    private record Encrypted(UUID webhookId, ByteBuffer bytes) {}

    private static final class Recent extends LinkedHashMap<Encrypted, Secret> {
        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Encrypted, Secret> eldest) {
            return size() > MAX_SECRETS;
        }
    }

    DecryptedSecretCache(Keyring keyring) {
        this.keyring = keyring;
    }

    /**
     * The secret in clear.
     *
     * @throws dev.mailbell.secret.KeyringException when no key decrypts it
     */
    Secret decrypt(UUID webhookId, byte[] encrypted) {
        return decrypt(webhookId, encrypted, Webhook.secretContext(webhookId));
    }

    /** The headers of a webhook; none without a row of the cache where there are none. */
    WebhookHeaders headers(Webhook webhook) {
        Headers headers = webhook.headers();
        return headers == null
                ? WebhookHeaders.NONE
                : WebhookHeaders.of(
                        decrypt(
                                webhook.id(),
                                headers.sealed(),
                                WebhookHeaders.context(webhook.id())));
    }

    private Secret decrypt(UUID webhookId, byte[] encrypted, String context) {
        Encrypted key = new Encrypted(webhookId, ByteBuffer.wrap(encrypted));
        Secret cached = decrypted.get(key);
        if (cached != null) {
            return cached;
        }
        Secret secret = keyring.decrypt(encrypted, context);
        decrypted.put(key, secret);
        return secret;
    }

    /** Forgets the secrets of a webhook. */
    void forget(UUID webhookId) {
        synchronized (decrypted) {
            decrypted.keySet().removeIf(key -> key.webhookId().equals(webhookId));
        }
    }
}
