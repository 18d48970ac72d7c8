package dev.mailbell.ui.page;

import org.jspecify.annotations.Nullable;

/**
 * The page where people sign in.
 *
 * @param to where to go then
 * @param formToken that the cookie of this form has, too
 * @param fault why the last try failed; null for the first one
 * @param ended whether there was a session that has ended
 */
public record SignInView(String to, String formToken, @Nullable String fault, boolean ended) {}
