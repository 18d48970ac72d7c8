package dev.mailbell.cli.emailengine;

import java.util.regex.Pattern;

/** Recognises what stands in an export in the place of a secret. */
final class Secrets {
    private static final Pattern MASKED = Pattern.compile("\\*{6,}");
    private static final Pattern ENCRYPTED = Pattern.compile("\\$wd\\d\\d\\$.*", Pattern.DOTALL);

    private Secrets() {}

    /**
     * @throws NotCarriedException when the text is a mask, or the secret encrypted
     */
    static String require(String secret) {
        if (MASKED.matcher(secret).matches()) {
            throw new NotCarriedException(
                    "its secret is masked, as in answers of EmailEngine's API: take the output of"
                            + " emailengine export");
        }
        if (ENCRYPTED.matcher(secret).matches()) {
            throw new NotCarriedException(
                    "its secret is encrypted: run emailengine export with the EENGINE_SECRET of the"
                            + " service");
        }
        return secret;
    }
}
