//! Functions and their permissions through the API.

use super::*;

#[test]
fn what_terraform_reads() {
    let mut state = deployed();
    // [V] LS:lambda_/test_lambda_api: pending in the answer, active from then on
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    let created = lambda(&mut state, "CreateFunction", input).unwrap();
    assert_eq!(
        (&created["State"], &created["StateReason"], &created["StateReasonCode"]),
        (&json!("Pending"), &json!("The function is being created."), &json!("Creating"))
    );
    let got = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap();
    let mut shown = got["Configuration"].clone();
    for masked in ["RevisionId", "CodeSha256", "CodeSize", "RuntimeVersionConfig"] {
        assert!(shown.as_object_mut().unwrap().remove(masked).is_some(), "{masked}");
    }
    assert_eq!(
        shown,
        json!({
            "FunctionName": "f", "FunctionArn": FUNCTION, "Runtime": "provided.al2023", "Role": ROLE,
            "Handler": "bootstrap", "Description": "", "Timeout": 30, "MemorySize": 128,
            "LastModified": "2026-03-02T09:14:07.000+0000", "Version": "$LATEST",
            "Environment": {"Variables": {"TOPIC": "t"}}, "TracingConfig": {"Mode": "PassThrough"}, "State": "Active",
            "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        })
    );
    assert_eq!(got["Code"]["RepositoryType"], "S3");
    let signing = lambda(&mut state, "GetFunctionCodeSigningConfig", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(signing, json!({"FunctionName": "f"}));
    let versions = lambda(&mut state, "ListVersionsByFunction", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(versions["Versions"][0]["FunctionArn"], format!("{FUNCTION}:$LATEST"));

    let changed = json!({"FunctionName": "f", "Timeout": 60, "Environment": {"Variables": {}}});
    let updated = lambda(&mut state, "UpdateFunctionConfiguration", changed).unwrap();
    assert_eq!((&updated["LastUpdateStatus"], &updated["Timeout"]), (&json!("InProgress"), &json!(60)));
    assert_eq!(updated.get("Environment"), None);
    let got = lambda(&mut state, "GetFunctionConfiguration", json!({"FunctionName": FUNCTION})).unwrap();
    assert_eq!(got["LastUpdateStatus"], "Successful");
    let code = json!({"FunctionName": "f", "ZipFile": STANDARD.encode(zip_of("bootstrap", b"#!/bin/true\n", 0o755))});
    let updated = lambda(&mut state, "UpdateFunctionCode", code).unwrap();
    assert_ne!(updated["CodeSha256"], got["CodeSha256"]);
    assert!(state.take_effects().iter().any(|effect| matches!(effect, Effect::Retire(arn) if *arn == *FUNCTION)));

    let tag = json!({"Resource": FUNCTION, "Tags": {"a": "1", "b": "2"}});
    lambda(&mut state, "TagResource", tag).unwrap();
    lambda(&mut state, "UntagResource", json!({"Resource": FUNCTION, "tagKeys": "a"})).unwrap();
    let tags = lambda(&mut state, "ListTags", json!({"Resource": FUNCTION})).unwrap();
    assert_eq!(tags, json!({"Tags": {"b": "2"}}));
    let reserved = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 3});
    lambda(&mut state, "PutFunctionConcurrency", reserved).unwrap();
    let got = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap();
    assert_eq!((&got["Concurrency"]["ReservedConcurrentExecutions"], &got["Tags"]), (&json!(3), &json!({"b": "2"})));

    let published = lambda(&mut state, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(published["FunctionArn"], format!("{FUNCTION}:1"));
    let again = lambda(&mut state, "PublishVersion", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(again["Version"], "1", "nothing changed since");

    lambda(&mut state, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    let gone = lambda(&mut state, "GetFunction", json!({"FunctionName": "f"})).unwrap_err();
    assert_eq!((gone.status, gone.message.as_str()), (404, &*format!("Function not found: {FUNCTION}")));
}

#[test]
fn bad_functions_are_refused() {
    let check = |change: Value, code: &str, part: &str| {
        let mut state = deployed();
        let mut input = function_input();
        input["FunctionName"] = json!("g");
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = lambda(&mut state, "CreateFunction", input).unwrap_err();
        assert_eq!(error.code, code, "{change}: {error}");
        assert!(error.message.contains(part), "{change}: {error}");
    };
    let invalid = "InvalidParameterValueException";
    check(json!({"FunctionName": "f"}), "ResourceConflictException", "Function already exist: f");
    check(json!({"FunctionName": "f:1"}), "NotImplemented", "version or alias");
    check(json!({"Role": "arn:aws:iam::999988887777:role/none"}), invalid, "cannot be assumed by Lambda.");
    check(json!({"Role": "r"}), "ValidationException", "at 'role'");
    check(json!({"Timeout": 901}), "ValidationException", "less than or equal to 900");
    check(json!({"MemorySize": 64}), "ValidationException", "greater than or equal to 128");
    check(json!({"Runtime": "cobol1.x"}), "InvalidParameterValueException", "Value cobol1.x at 'runtime'");
    check(json!({"Runtime": null}), invalid, "Runtime and Handler are mandatory");
    check(json!({"Architectures": ["arm32"]}), "ValidationException", "architectures");
    check(json!({"Code": {}}), invalid, "Please provide a source for function code.");
    check(json!({"Code": {"S3Bucket": "b", "S3Key": "k"}}), "NotImplemented", "S3");
    check(json!({"Code": {"ZipFile": "bm8gemlw"}}), invalid, "Could not unzip uploaded file.");
    check(json!({"Layers": ["arn"]}), "NotImplemented", "Layers");
    check(json!({"VpcConfig": {"SubnetIds": ["s"]}}), "NotImplemented", "VpcConfig");
    check(json!({"CapacityProviderConfig": {"A": 1}}), "NotImplemented", "CapacityProviderConfig");
    check(
        json!({"Environment": {"Variables": {"AWS_REGION": "eu-west-1"}}}),
        invalid,
        "Reserved keys used in this request: AWS_REGION",
    );
    check(json!({"Environment": {"Variables": {"A1": "x".repeat(4096)}}}), invalid, "exceeded the 4KB limit.");
    check(json!({"DeadLetterConfig": {"TargetArn": "x"}}), invalid, "neither an SQS queue nor an SNS topic");
}

#[test]
fn a_role_that_lambda_may_not_assume_is_refused() {
    let mut state = deployed();
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let input = json!({"RoleName": "r", "PolicyDocument": trust.to_string()});
    call(&mut state, Service::Iam, "UpdateAssumeRolePolicy", input).unwrap();
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    let error = lambda(&mut state, "CreateFunction", input).unwrap_err();
    assert_eq!(error.message, "The role defined for the function cannot be assumed by Lambda.");
}

#[test]
fn a_dead_letter_queue_needs_a_permission() {
    let mut state = deployed();
    role(&mut state, &["logs:*"]);
    let mut input = function_input();
    input["FunctionName"] = json!("g");
    input["DeadLetterConfig"] = json!({"TargetArn": DLQ});
    let error = lambda(&mut state, "CreateFunction", input.clone()).unwrap_err();
    assert_eq!(error.message, "The provided execution role does not have permissions to call SendMessage on SQS");
    role(&mut state, &["sqs:SendMessage"]);
    lambda(&mut state, "CreateFunction", input).unwrap();
}

#[test]
fn statements_are_stored_as_aws_stores_them() {
    // [V] LS:lambda_/test_lambda_api::test_add_lambda_permission_*
    let check = |more: Value, principal: Value, condition: Value| {
        let mut state = deployed();
        let mut input = json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = lambda(&mut state, "AddPermission", input.clone()).unwrap();
        let mut wanted = json!({
            "Sid": "s", "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction",
            "Resource": FUNCTION});
        if !condition.is_null() {
            wanted["Condition"] = condition;
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(serde_json::from_str::<Value>(&text(&answer["Statement"])).unwrap(), wanted);
        let policy = lambda(&mut state, "GetPolicy", json!({"FunctionName": "f"})).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text(&policy["Policy"])).unwrap(),
            json!({"Version": "2012-10-17", "Id": "default", "Statement": [wanted]})
        );
        let again = lambda(&mut state, "AddPermission", input).unwrap_err();
        assert_eq!(
            (again.code.as_str(), again.message.as_str()),
            (
                "ResourceConflictException",
                "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing \
                 statement."
            )
        );
        let other = lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "t"}));
        assert_eq!(other.unwrap_err().message, "Statement t is not found in resource policy.");
        lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "s"})).unwrap();
        let none = lambda(&mut state, "GetPolicy", json!({"FunctionName": "f"})).unwrap_err();
        assert_eq!((none.status, none.message.as_str()), (404, "The resource you requested does not exist."));
        let none = lambda(&mut state, "RemovePermission", json!({"FunctionName": "f", "StatementId": "s"}));
        assert_eq!(none.unwrap_err().message, "No policy is associated with the given resource.");
    };
    let topic = "arn:aws:sns:us-east-1:999988887777:t";
    check(
        json!({"Principal": "sns.amazonaws.com", "SourceArn": topic, "SourceAccount": HUB}),
        json!({"Service": "sns.amazonaws.com"}),
        json!({"StringEquals": {"AWS:SourceAccount": HUB}, "ArnLike": {"AWS:SourceArn": topic}}),
    );
    check(json!({"Principal": HUB}), json!({"AWS": format!("arn:aws:iam::{HUB}:root")}), Value::Null);
    check(
        json!({"Principal": "*", "PrincipalOrgID": "o-rootwatch01"}),
        json!("*"),
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-rootwatch01"}}),
    );
    let mut state = deployed();
    for principal in ["nobody", "arn:aws:iam::444455556666:role/missing"] {
        let input =
            json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": principal});
        let error = lambda(&mut state, "AddPermission", input).unwrap_err();
        assert_eq!(error.message, "The provided principal was invalid. Please check the principal and try again.");
    }
}
