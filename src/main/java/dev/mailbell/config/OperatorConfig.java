package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;

/**
 * Where the operator wants events about the health of all clients.
 *
 * @param webhookUrl empty for nowhere
 * @param webhookSecret {@code whsec_…}, which signs them; empty without a URL
 */
public record OperatorConfig(String webhookUrl, Secret webhookSecret) {

    static OperatorConfig read(ConfigurationSection section) {
        ConfigurationSection webhook = section.section("webhook");
        String url = webhook.string("url", "");
        String secret = webhook.string("secret", "");
        if (!url.isEmpty() && secret.isEmpty()) {
            webhook.fault(
                    "secret",
                    "is needed with operator.webhook.url: whsec_ and 32 random bytes in Base64, such"
                            + " as from: echo whsec_$(openssl rand -base64 32)");
        }
        if (!secret.isEmpty() && !Signer.isSecret(secret)) {
            webhook.fault("secret", "must be whsec_ and the Base64 of 24 to 64 bytes");
        }
        if (url.isEmpty() && !secret.isEmpty()) {
            webhook.fault("url", "is needed with operator.webhook.secret");
        }
        if (!url.isEmpty() && !url.matches("https?://[^\\s@#]+")) {
            webhook.fault("url", "must be like https://ops.example.org/hooks/mailbell");
        }
        webhook.rejectUnknown();
        section.rejectUnknown();
        return new OperatorConfig(url, Secret.of(secret));
    }

    public boolean hasWebhook() {
        return !webhookUrl.isEmpty();
    }

    /** Without the path of the URL, which may carry a token. */
    @Override
    public String toString() {
        return "OperatorConfig[webhook=" + hasWebhook() + "]";
    }
}
