# frozen_string_literal: true

# docs/compatibility.md names the pinned version of smile-identity-core and each of its public methods.
require 'minitest/autorun'
require 'smile-identity-core'

class CompatibilityTableTest < Minitest::Test
  def test_each_method_is_in_the_table
    document = File.read(File.expand_path('../../../docs/compatibility.md', __dir__))
    section = document.split("\n## ").find { |text| text.start_with?('Ruby: ') }
    assert section.start_with?("Ruby: smile-identity-core #{SmileIdentityCore::VERSION}\n")
    classes = SmileIdentityCore.constants.map { |name| SmileIdentityCore.const_get(name) }.grep(Class)
    methods = classes.flat_map do |client|
      client.public_instance_methods(false).map { |method| "#{client.name.split('::').last}.#{method}" }
    end
    assert_includes methods, 'WebApi.submit_job'
    assert_empty(methods.reject { |method| section.include?("`#{method}`") })
  end
end
