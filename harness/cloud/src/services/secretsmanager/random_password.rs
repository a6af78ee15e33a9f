//! GetRandomPassword.

use serde::Deserialize;
use serde_json::json;

use crate::api::{ApiError, Call, Reply};

/// What passwords are made of. [D] API_GetRandomPassword
const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    password_length: usize,
    exclude_characters: String,
    exclude_numbers: bool,
    exclude_punctuation: bool,
    exclude_uppercase: bool,
    exclude_lowercase: bool,
    include_space: bool,
    require_each_included_type: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            password_length: 32,
            exclude_characters: String::new(),
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

pub(super) fn get_random_password(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("secret:*");
    call.authorise("secretsmanager:GetRandomPassword", &any)?;
    let input: Input = call.input()?;
    let invalid = |text: &str| ApiError::new("InvalidParameterException", text);
    let types = [
        (!input.exclude_lowercase, LOWERCASE),
        (!input.exclude_uppercase, UPPERCASE),
        (!input.exclude_numbers, NUMBERS),
        (!input.exclude_punctuation, PUNCTUATION),
        (input.include_space, " "),
    ];
    let types: Vec<String> = types
        .into_iter()
        .filter(|(included, _)| *included)
        .map(|(_, letters)| letters.chars().filter(|letter| !input.exclude_characters.contains(*letter)).collect())
        .filter(|letters: &String| !letters.is_empty())
        .collect();
    let required = if input.require_each_included_type { types.len() } else { 0 };
    if !(1..=4096).contains(&input.password_length) || required > input.password_length {
        return Err(invalid("Password length is too short based on the required types."));
    }
    let alphabet = types.concat();
    if alphabet.is_empty() {
        return Err(invalid("The password cannot be generated: every character is excluded."));
    }
    // One of each type first, then any; the places are drawn afterwards.
    let mut letters: Vec<char> = Vec::with_capacity(input.password_length);
    for one in types.iter().take(required) {
        letters.extend(call.state.random_text(1, one).chars());
    }
    letters.extend(call.state.random_text(input.password_length - letters.len(), &alphabet).chars());
    for place in (1..letters.len()).rev() {
        let other = call.state.random_below(place as u64 + 1) as usize;
        letters.swap(place, other);
    }
    Ok(json!({"RandomPassword": letters.into_iter().collect::<String>()}).into())
}
